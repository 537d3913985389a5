// bufsize: lowers the UDP size that clients advertise, so that replies and forwarded queries keep
// to what passes without fragments.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { type BufsizeOptions, options } from './options.ts'

export const bufsize: Plugin<BufsizeOptions> = {
  name: 'bufsize',
  options,
  serve: () => import('./serve.ts'),
}
