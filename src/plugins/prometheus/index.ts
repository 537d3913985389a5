// The prometheus plugin: counts queries and replies, and shows all metrics of the process over
// HTTP.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import type { DnsMetricVectors } from '../../metrics/dns-metrics.ts'
import { options, type PrometheusOptions } from './options.ts'

export const prometheus: Plugin<PrometheusOptions, DnsMetricVectors> = {
  name: 'prometheus',
  options,
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
