// The loop plugin: detects at start whether forwarded queries come back to this server, and ends
// the process if they do.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { type LoopOptions, options } from './options.ts'
import type { LoopShared } from './words.ts'

export const loop: Plugin<LoopOptions, LoopShared | undefined> = {
  name: 'loop',
  options,
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
