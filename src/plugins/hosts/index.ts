// hosts: answers from a file in the format of /etc/hosts and from entries in the Corefile. Main
// keeps them in shared memory; shards answer from there.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import type { RecordsRef } from '../../records/layout.ts'
import { changingZones } from './invalidation-marks.ts'
import { type HostsOptions, options } from './options.ts'

export const hosts: Plugin<HostsOptions, RecordsRef> = {
  name: 'hosts',
  options,
  facts: { changing: changingZones },
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
