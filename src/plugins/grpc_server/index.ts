// grpc_server: limits the listeners for gRPC. Sets BlockSettings.grpcServer, which these apply.

import type { StreamServing } from '../../chain/listening.ts'
import type { Plugin } from '../../chain/plugin/plugin.ts'
import { options } from './options.ts'

export const grpc_server: Plugin<Partial<StreamServing>> = {
  name: 'grpc_server',
  options,
  control: async () => ({
    control(given, scope) {
      scope.settings.grpcServer = given
      return undefined
    },
  }),
}
