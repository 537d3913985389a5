// dns64: AAAA records made of A records, for clients that have IPv6 only (RFC 6147).

import type { Plugin } from '../../chain/plugin/plugin.ts'
import type { Vector } from '../../metrics/registrar.ts'
import { type Dns64Options, options } from './options.ts'

export const dns64: Plugin<Dns64Options, Vector> = {
  name: 'dns64',
  options,
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
