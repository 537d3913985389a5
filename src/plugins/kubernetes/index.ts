// kubernetes: a cluster's names, from its API server. Main follows the cluster and keeps one copy
// of it in shared memory; shards answer from there.

import type { Plugin } from '../../chain/plugin.ts'
import type { KubernetesShared } from './control.ts'
import { type KubernetesOptions, options } from './options.ts'
import { serveKubernetes } from './serve.ts'
import { changingZones } from './watch/invalidation-marks.ts'

export const kubernetes: Plugin<KubernetesOptions, KubernetesShared> = {
  name: 'kubernetes',
  options,
  changing: changingZones,
  // Loaded on the main thread only, and only where there is a cluster: the API client is nothing
  // that shards need.
  inspect: async options => (await import('./control.ts')).inspectKubernetes(options),
  control: async (options, scope) =>
    (await import('./control.ts')).controlKubernetes(options, scope),
  serve: serveKubernetes,
}
