// Main half of prometheus: declares the block's series and offers /metrics.

import { lookEvery } from '../../authority/watching.ts'
import { systemClock } from '../../base/time/clock.ts'
import { wait } from '../../base/time/timers.ts'
import type { ControlScope, HttpTls } from '../../chain/plugin/control-scope.ts'
import type { InspectScope } from '../../chain/plugin/inspect-scope.ts'
import { type DnsMetricVectors, declareDnsMetrics } from '../../metrics/dns-metrics.ts'
import { Exposition } from './exposition.ts'
import { pluginLabels, zoneLabels } from './labels.ts'
import type { PrometheusOptions } from './options.ts'
import { LOOK_INTERVAL_MS, WebTls } from './web-tls.ts'

export const inspect = async ({ tls }: PrometheusOptions, scope: InspectScope): Promise<void> => {
  if (tls === '') return
  const { log } = scope
  const tell = { info() {}, warning: log.warning, error: log.warning }
  await scope.attempt(() => new WebTls(tls).load(tell, systemClock.wallMs()))
}

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
    ...(options.tls !== '' && { tls: tlsOf(options.tls, scope) }),
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

const tlsOf = (file: string, scope: ControlScope): HttpTls => {
  const { log, clock } = scope
  const tls = scope.keep(`web configuration ${file}`, () => new WebTls(file))
  tls.load(log, clock.wallMs())
  lookEvery(scope, LOOK_INTERVAL_MS, () => tls.look(log, () => clock.wallMs(), wait))
  return tls
}
