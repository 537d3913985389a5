// CoreDNS's metrics of the API client and of how long a change takes to be answered.

import type { HistogramOptions, MetricRegistrar } from '../../../metrics/registrar.ts'

export interface ApiMetrics {
  /** A request to the API server; `code` is undefined if there was no answer. */
  request(host: string, code: number | undefined, seconds: number): void
  /** How long a request waited for its turn. */
  waited(host: string, seconds: number): void
  /** The time from the change of an endpoint to its records. */
  programming(kind: 'cluster_ip' | 'headless_with_selector', seconds: number): void
}

/** Prometheus's default buckets. */
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** A millisecond doubling up to 524 seconds. */
const PROGRAMMING_BUCKETS = Array.from({ length: 20 }, (_, k) => 0.001 * 2 ** k)
/** Every request is a GET: of a list or of a watch. */
const METHOD = 'GET'

export const declareApiMetrics = (metrics: MetricRegistrar): ApiMetrics => {
  const seconds = (
    name: string,
    help: string,
    labelNames: readonly string[],
    buckets: readonly number[],
  ): HistogramOptions => ({
    name: `coredns_kubernetes_${name}_duration_seconds`,
    help,
    labelNames,
    buckets,
    unitsPerOne: 1e9,
  })
  const requests = metrics.counter({
    name: 'coredns_kubernetes_rest_client_requests_total',
    help: 'Number of HTTP requests, partitioned by status code, method, and host.',
    labelNames: ['code', 'method', 'host'],
  })
  const durations = metrics.histogram(
    seconds(
      'rest_client_request',
      'Request latency in seconds. Broken down by verb and host.',
      ['verb', 'host'],
      REQUEST_BUCKETS,
    ),
  )
  const waits = metrics.histogram(
    seconds(
      'rest_client_rate_limiter',
      'Client side rate limiter latency in seconds. Broken down by verb and host.',
      ['verb', 'host'],
      REQUEST_BUCKETS,
    ),
  )
  const programming = metrics.histogram(
    seconds(
      'dns_programming',
      'Histogram of the time (in seconds) it took to program a dns instance.',
      ['service_kind'],
      PROGRAMMING_BUCKETS,
    ),
  )
  return {
    request(host, code, duration) {
      requests.add({ code: code === undefined ? '<error>' : String(code), method: METHOD, host })
      durations.observe({ verb: METHOD, host }, duration)
    },
    waited: (host, duration) => waits.observe({ verb: METHOD, host }, duration),
    programming: (kind, duration) => programming.observe({ service_kind: kind }, duration),
  }
}
