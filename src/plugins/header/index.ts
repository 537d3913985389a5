// header: sets and clears flags of queries and of replies.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { type HeaderOptions, options } from './options.ts'

export const header: Plugin<HeaderOptions> = {
  name: 'header',
  options,
  serve: () => import('./serve.ts'),
}
