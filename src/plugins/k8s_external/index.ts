// k8s_external: names for what a cluster shows to the world outside of it. *kubernetes* in the same
// block knows the cluster.

import type { Plugin } from '../../chain/plugin.ts'
import { changingZones, type ExternalOptions, options } from './options.ts'

export const k8s_external: Plugin<ExternalOptions> = {
  name: 'k8s_external',
  options,
  facts: { changing: changingZones },
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
