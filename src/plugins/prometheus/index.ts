// The prometheus plugin: counts queries and replies, and shows all metrics of the process over HTTP.

import type { DnsMetricVectors } from '../../core/dns-metrics.ts'
import type { Plugin } from '../../core/plugin.ts'
import { controlPrometheus } from './control.ts'
import { type PrometheusOptions, parsePrometheus } from './options.ts'
import { servePrometheus } from './serve.ts'

export const prometheus: Plugin<PrometheusOptions, DnsMetricVectors> = {
  name: 'prometheus',
  parse: parsePrometheus,
  control: controlPrometheus,
  serve: servePrometheus,
}
