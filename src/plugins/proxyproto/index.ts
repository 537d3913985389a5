// proxyproto: takes clients' addresses from the PROXY headers of proxies in front of the server.
// Sets BlockSettings.proxy; the listeners read the headers (net/proxy).

import type { ProxyServing } from '../../chain/listening.ts'
import type { Plugin } from '../../chain/plugin/plugin.ts'
import { options } from './options.ts'

export const proxyproto: Plugin<ProxyServing> = {
  name: 'proxyproto',
  options,
  control: async () => ({
    control(given, { settings }) {
      settings.proxy = given
      return undefined
    },
  }),
}
