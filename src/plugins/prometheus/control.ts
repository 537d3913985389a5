// Main half of prometheus: declares the block's series and offers /metrics.

import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import { type DnsMetricVectors, declareDnsMetrics } from '../../metrics/dns-metrics.ts'
import { Exposition } from './exposition.ts'
import { pluginLabels, zoneLabels } from './labels.ts'
import type { PrometheusOptions } from './options.ts'

export const control = (options: PrometheusOptions, scope: ControlScope): DnsMetricVectors => {
  const { block, metrics } = scope
  // Loads prom-client: once queries are answered.
  scope.onStart(() => {
    metrics.measureProcess()
    if (options.runtimeMetrics) metrics.showRuntime()
  })
  const servers = block.listeners.map(listener => listener.label)
  const exposition = new Exposition(metrics)
  scope.http({
    address: options.address,
    path: '/metrics',
    onBindFailure: 'log',
    failureText: 'Failed to start metrics handler',
    respond: ({ acceptEncoding }) => exposition.answer(acceptEncoding),
  })
  const enabled = {
    name: 'coredns_plugin_enabled',
    help: 'A metric that indicates whether a plugin is enabled on per server and zone basis.',
    labelNames: ['server', 'zone', 'view', 'name'],
  }
  const zone = block.zones[0] ?? '.'
  const samples = servers.flatMap(server =>
    block.chain.map(name => ({ labels: { server, zone, view: block.view, name }, value: 1 })),
  )
  metrics.gauge(enabled, () => samples)
  return declareDnsMetrics(metrics, {
    servers,
    zones: zoneLabels(block),
    view: block.view,
    plugins: pluginLabels(block),
  })
}
