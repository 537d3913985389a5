// kubernetes: a cluster's names, from its API server. Main follows the cluster and keeps one copy
// of it in shared memory; shards answer from there.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import type { KubernetesShared } from './control.ts'
import { type KubernetesOptions, options } from './options.ts'
import { changingZones } from './watch/publish/invalidation-marks.ts'

export const kubernetes: Plugin<KubernetesOptions, KubernetesShared> = {
  name: 'kubernetes',
  options,
  facts: { changing: changingZones },
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
