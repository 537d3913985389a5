// The metric families of grpc.

import type { HistogramShape } from '../../memory/counters.ts'
import { type MetricRegistrar, TIME_BUCKETS, type Vector } from '../../metrics/registrar.ts'
import { rcodeToText } from '../../wire/rcodes.ts'

/** Rcodes with a series of their own: all that have names. The last series takes the rest. */
const RCODE_COUNT = 25
const LAST_RCODE = RCODE_COUNT - 1

const RCODE_LABELS = Array.from({ length: RCODE_COUNT }, (_, rcode) =>
  rcode === LAST_RCODE ? 'other' : rcodeToText(rcode).replace(/^RCODE/, ''),
)

export const DURATION_SHAPE: HistogramShape = { bounds: TIME_BUCKETS, unitsPerOne: 1e9 }

export interface GrpcVectors {
  readonly requests: Vector
  /** Series in the order (upstream, rcode). */
  readonly responses: Vector
  readonly duration: Vector
}

export const perUpstream = (vector: Vector, upstream: number): number =>
  vector.base + upstream * vector.step

export const perRcode = (vector: Vector, upstream: number, rcode: number): number =>
  vector.base + (upstream * RCODE_COUNT + Math.min(rcode, LAST_RCODE)) * vector.step

export const declareVectors = (metrics: MetricRegistrar, to: readonly string[]): GrpcVectors => ({
  requests: metrics
    .counter({
      name: 'coredns_grpc_requests_total',
      help: 'Counter of requests made per upstream.',
      labelNames: ['to'],
    })
    .vector({}, { to }),
  responses: metrics
    .counter({
      name: 'coredns_grpc_responses_total',
      help: 'Counter of requests made per upstream.',
      labelNames: ['rcode', 'to'],
    })
    .vector({}, { to, rcode: RCODE_LABELS }),
  duration: metrics
    .histogram({
      name: 'coredns_grpc_request_duration_seconds',
      help: 'Histogram of the time each request took.',
      labelNames: ['to'],
      buckets: TIME_BUCKETS,
      unitsPerOne: 1e9,
    })
    .vector({}, { to }),
})
