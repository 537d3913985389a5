// tls: the certificate of the block's listeners with TLS. Sets BlockSettings.tls; the listeners
// apply it.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { options, type TlsFiles } from './options.ts'

export const tls: Plugin<TlsFiles> = {
  name: 'tls',
  options,
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
}
