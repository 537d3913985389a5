// The forward plugin: relays queries to upstream resolvers. src/upstream implements the exchanges.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import type { ForwardShared } from './control.ts'
import { type ForwardOptions, options } from './options.ts'

export const forward: Plugin<readonly ForwardOptions[], ForwardShared> = {
  name: 'forward',
  options,
  facts: { allClasses: true },
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
