// k8s_external: external names for services of a cluster. *kubernetes* in the same block watches
// the cluster.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { changingZones, type ExternalOptions, options } from './options.ts'

export const k8s_external: Plugin<ExternalOptions> = {
  name: 'k8s_external',
  options,
  facts: { changing: changingZones },
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
