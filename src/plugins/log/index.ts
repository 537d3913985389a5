// The log plugin: one line per query, in a format of the operator's choice.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { type LogOptions, options } from './options.ts'

export const log: Plugin<LogOptions> = {
  name: 'log',
  options,
  serve: () => import('./serve.ts'),
}
