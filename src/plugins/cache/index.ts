// cache: answers from the process-wide shared tables; asks the rest of the chain for what is not in
// them.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import type { CacheShared } from './control.ts'
import { type CacheOptions, options, suspicions } from './options.ts'

export const cache: Plugin<CacheOptions, CacheShared> = {
  name: 'cache',
  options,
  facts: { suspicions },
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
