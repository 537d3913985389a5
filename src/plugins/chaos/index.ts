// chaos: tells who this server is, in class CH.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { type ChaosOptions, options } from './options.ts'

export const chaos: Plugin<ChaosOptions, string> = {
  name: 'chaos',
  options,
  facts: { allClasses: true },
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
