// https: limits the listeners for DNS over HTTPS. Sets BlockSettings.https; the listeners apply it.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { type HttpsOptions, options } from './options.ts'

export const https: Plugin<HttpsOptions> = {
  name: 'https',
  options,
  control: async () => ({
    control(given, scope) {
      scope.settings.https = given
      return undefined
    },
  }),
}
