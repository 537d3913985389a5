// The loop plugin: finds out at start whether queries come back to us, and ends the process if they
// do.

import type { Plugin } from '../../chain/plugin.ts'
import { type LoopOptions, options } from './options.ts'
import type { LoopShared } from './words.ts'

export const loop: Plugin<LoopOptions, LoopShared | undefined> = {
  name: 'loop',
  options,
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
