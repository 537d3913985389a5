// The log plugin: one line per query, in a format of the operator's choice.

import type { Plugin } from '../../chain/plugin.ts'
import { stdout } from '../../log/log.ts'
import { type LogOptions, options } from './options.ts'
import { serveLog } from './serve.ts'

export const log: Plugin<LogOptions> = {
  name: 'log',
  options,
  serve: (options, scope) => serveLog(options, scope, stdout),
}
