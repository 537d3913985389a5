// Main half of prometheus: declares the block's series and offers /metrics.

import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { ControlScope, HttpAnswer } from '../../core/control-scope.ts'
import { type DnsMetricVectors, declareDnsMetrics } from '../../core/dns-metrics.ts'
import type { MetricRegistrar } from '../../core/metrics.ts'
import { chainOf, pluginLabels, zoneLabels } from './labels.ts'
import type { PrometheusOptions } from './options.ts'

const compress = promisify(gzip)

export function controlPrometheus(options: PrometheusOptions, scope: ControlScope): DnsMetricVectors {
  const { block, metrics } = scope
  if (options.runtimeMetrics) metrics.showRuntime()
  const servers = block.listeners.map(listener => listener.label)
  scope.http({
    address: options.address,
    path: '/metrics',
    onBindFailure: 'log',
    failureText: 'Failed to start metrics handler',
    respond: ({ acceptEncoding }) => exposition(metrics, acceptEncoding),
  })
  const enabled = {
    name: 'coredns_plugin_enabled',
    help: 'A metric that indicates whether a plugin is enabled on per server and zone basis.',
    labelNames: ['server', 'zone', 'view', 'name'],
  }
  const zone = block.zones[0] ?? '.'
  const names = chainOf(block)
  const samples = servers.flatMap(server => names.map(name => ({ labels: { server, zone, view: block.view, name }, value: 1 })))
  metrics.gauge(enabled, () => samples)
  return declareDnsMetrics(metrics, { servers, zones: zoneLabels(block), view: block.view, plugins: pluginLabels(block) })
}

async function exposition(metrics: MetricRegistrar, acceptEncoding: string): Promise<HttpAnswer> {
  const { contentType, body } = await metrics.expose()
  if (!acceptsGzip(acceptEncoding)) return { status: 200, contentType, body }
  return { status: 200, contentType, body: await compress(body), contentEncoding: 'gzip' }
}

/** Whether an Accept-Encoding header names gzip, and not only to refuse it (`gzip;q=0`). */
export const acceptsGzip = (acceptEncoding: string): boolean =>
  acceptEncoding.split(',').some(part => /^\s*gzip\s*(;(?!\s*q\s*=\s*0(\.0*)?\s*$).*)?$/i.test(part))
