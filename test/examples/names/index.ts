// names: answers a few names with one address, from records that main keeps. docs/plugins.md shows
// it for what changes while a plugin serves.

import { EVERY_LABEL } from '../../../src/chain/invalidation-scopes.ts'
import type { Plugin } from '../../../src/chain/plugin.ts'
import type { RecordsRef } from '../../../src/records/layout.ts'
import { type NamesOptions, options } from './options.ts'

export const names: Plugin<NamesOptions, RecordsRef> = {
  name: 'names',
  options,
  facts: {
    // Caches in front keep watch on these names, each by itself.
    changing: options => options.names.map(zone => ({ zone, labels: EVERY_LABEL })),
  },
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
