// The metric families of forward. The names that CoreDNS has dropped (#6178) are counted as well,
// since dashboards still use them.

import type { HistogramShape } from '../../memory/counters.ts'
import {
  type HistogramOptions,
  type MetricRegistrar,
  TIME_BUCKETS,
  type Vector,
} from '../../metrics/registrar.ts'
import { PROTOCOLS } from '../../upstream/upstream.ts'
import { rcodeToText } from '../../wire/rcodes.ts'

/** Rcodes with a series of their own: all that have names. The last series takes the rest. */
const RCODE_COUNT = 25
const LAST_RCODE = RCODE_COUNT - 1

/** The name, or the number of a code that has none, as CoreDNS prints it. */
const RCODE_LABELS = Array.from({ length: RCODE_COUNT }, (_, rcode) =>
  rcode === LAST_RCODE ? 'other' : rcodeToText(rcode).replace(/^RCODE/, ''),
)

export const DURATION_SHAPE: HistogramShape = { bounds: TIME_BUCKETS, unitsPerOne: 1e9 }

/**
 * Offsets in a shard's counter row. Series of one vector lie in the order (upstream), (upstream,
 * rcode) or (upstream, protocol).
 */
export interface ForwardVectors {
  readonly duration: Vector
  readonly poolHits: Vector
  readonly poolMisses: Vector
  readonly ignored: Vector
  readonly broken: Vector
  readonly rejected: Vector
  readonly oldRequests: Vector
  readonly oldResponses: Vector
  readonly oldDuration: Vector
}

export const perRcode = (vector: Vector, upstream: number, rcode: number): number =>
  vector.base + (upstream * RCODE_COUNT + Math.min(rcode, LAST_RCODE)) * vector.step

export const perProtocol = (vector: Vector, upstream: number, protocol: number): number =>
  vector.base + (upstream * PROTOCOLS.length + protocol) * vector.step

export const perUpstream = (vector: Vector, upstream: number): number =>
  vector.base + upstream * vector.step

export const declareVectors = (metrics: MetricRegistrar, to: readonly string[]): ForwardVectors => {
  const proxy = { proxy_name: 'forward' }
  const histogram: Pick<HistogramOptions, 'buckets' | 'unitsPerOne'> = {
    buckets: TIME_BUCKETS,
    unitsPerOne: 1e9,
  }
  const counter = (name: string, help: string, labelNames: readonly string[]) =>
    metrics.counter({ name, help, labelNames })
  return {
    duration: metrics
      .histogram({
        ...histogram,
        name: 'coredns_proxy_request_duration_seconds',
        help: 'Histogram of the time each request took.',
        labelNames: ['proxy_name', 'to', 'rcode'],
      })
      .vector(proxy, { to, rcode: RCODE_LABELS }),
    poolHits: counter(
      'coredns_proxy_conn_cache_hits_total',
      'Counter of connection cache hits per upstream and protocol.',
      ['proxy_name', 'to', 'proto'],
    ).vector(proxy, { to, proto: PROTOCOLS }),
    poolMisses: counter(
      'coredns_proxy_conn_cache_misses_total',
      'Counter of connection cache misses per upstream and protocol.',
      ['proxy_name', 'to', 'proto'],
    ).vector(proxy, { to, proto: PROTOCOLS }),
    ignored: counter(
      'shardns_forward_ignored_replies_total',
      'Counter of messages from an upstream that answered no question of ours.',
      ['to'],
    ).vector({}, { to }),
    broken: counter(
      'coredns_forward_healthcheck_broken_total',
      'Counter of the number of complete failures of the healthchecks.',
      [],
    ).vector({}),
    rejected: counter(
      'coredns_forward_max_concurrent_rejects_total',
      'Counter of the number of queries rejected because the concurrent queries were at maximum.',
      [],
    ).vector({}),
    oldRequests: counter(
      'coredns_forward_requests_total',
      'Counter of requests made per upstream.',
      ['to'],
    ).vector({}, { to }),
    oldResponses: counter(
      'coredns_forward_responses_total',
      'Counter of responses received per upstream and rcode.',
      ['to', 'rcode'],
    ).vector({}, { to, rcode: RCODE_LABELS }),
    oldDuration: metrics
      .histogram({
        ...histogram,
        name: 'coredns_forward_request_duration_seconds',
        help: 'Histogram of the time each request took.',
        labelNames: ['to', 'rcode'],
      })
      .vector({}, { to, rcode: RCODE_LABELS }),
  }
}

/** Counts a failed probe, which happens on main. */
export const declareProbeFailures = (metrics: MetricRegistrar): ((to: string) => void) => {
  const failures = metrics.counter({
    name: 'coredns_proxy_healthcheck_failures_total',
    help: 'Counter of the number of failed healthchecks.',
    labelNames: ['proxy_name', 'to'],
  })
  const oldFailures = metrics.counter({
    name: 'coredns_forward_healthcheck_failures_total',
    help: 'Counter of the number of failed healthchecks.',
    labelNames: ['to'],
  })
  return to => {
    failures.add({ proxy_name: 'forward', to })
    oldFailures.add({ to })
  }
}
