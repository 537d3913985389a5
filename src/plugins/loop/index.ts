// The loop plugin: finds out at start whether queries come back to us, and ends the process if they
// do.

import type { Plugin } from '../../chain/plugin.ts'
import { controlLoop, type LoopShared } from './control.ts'
import { type LoopOptions, options } from './options.ts'
import { serveLoop } from './serve.ts'

export const loop: Plugin<LoopOptions, LoopShared | undefined> = {
  name: 'loop',
  options,
  control: controlLoop,
  serve: serveLoop,
}
