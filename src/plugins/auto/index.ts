// auto: answers from the zone files that are in a folder. Main keeps the zones in shared memory;
// shards answer from there.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import type { RecordsRef } from '../../records/layout.ts'
import { type AutoOptions, options } from './options.ts'

/** Labels below the plugin's zones by which caches tell zones apart: nearly all have as many. */
const LABELS = 2

export const auto: Plugin<AutoOptions, RecordsRef> = {
  name: 'auto',
  options,
  facts: {
    changing: ({ zones }) => zones.map(zone => ({ zone, labels: LABELS, isWhole: true })),
  },
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
