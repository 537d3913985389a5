// The ready plugin: an HTTP endpoint that says whether every plugin is ready to answer.

import type { Plugin } from '../../chain/plugin.ts'
import { parse, type ReadyOptions } from './options.ts'

export const ready: Plugin<ReadyOptions> = {
  name: 'ready',
  parse,
  control: () => import('./control.ts'),
}
