// The ready plugin: an HTTP endpoint that says whether every plugin is ready to answer.

import type { Plugin } from '../../chain/plugin.ts'
import { controlReady } from './control.ts'
import { parseReady, type ReadyOptions } from './options.ts'

export const ready: Plugin<ReadyOptions> = {
  name: 'ready',
  parse: parseReady,
  control: controlReady,
}
