// The grpc plugin: relays queries to DNS servers over gRPC. src/upstream/grpc.ts has the messages.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import type { GrpcShared } from './control.ts'
import { type GrpcOptions, options } from './options.ts'

export const grpc: Plugin<GrpcOptions, GrpcShared> = {
  name: 'grpc',
  options,
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
