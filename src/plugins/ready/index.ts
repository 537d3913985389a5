// The ready plugin: an HTTP endpoint that says whether every plugin is ready to answer.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { options, type ReadyOptions } from './options.ts'

export const ready: Plugin<ReadyOptions> = {
  name: 'ready',
  options,
  control: () => import('./control.ts'),
}
