// Hot path. The metrics of queries and replies: what the prometheus plugin counts for its block and
// the server for queries that no block serves. Declared on main as plain offsets; counted in shards
// without strings or allocation.

import type { CounterRow, HistogramShape } from '../memory/counters.ts'
import { rcodeToText } from '../wire/rcodes.ts'
import { typeFromText } from '../wire/rrtypes.ts'
import {
  type FamilyOptions,
  type MetricRegistrar,
  SIZE_BUCKETS,
  TIME_BUCKETS,
  type Vector,
} from './registrar.ts'

/** Values of the `type` label; all other types are `other`, so that clients cannot make series. */
const TYPE_LABELS = [
  ...[
    'A',
    'AAAA',
    'CNAME',
    'DNSKEY',
    'DS',
    'MX',
    'NSEC',
    'NSEC3',
    'NS',
    'PTR',
    'RRSIG',
    'SOA',
    'SRV',
    'TXT',
    'HTTPS',
    'SVCB',
  ],
  ...['IXFR', 'AXFR', 'ANY', 'other'],
]
const OTHER_INDEX = TYPE_LABELS.length - 1
/**
 * RFC 6895: 0 to 23 (BADCOOKIE) are assigned or shown by number; all above are `other`, so that
 * upstreams cannot make series.
 */
const RCODE_COUNT = 25
const RCODE_LABELS = Array.from({ length: RCODE_COUNT }, (_, rcode) =>
  rcode === RCODE_COUNT - 1 ? 'other' : rcodeToText(rcode),
)
const PROTO_LABELS = ['udp', 'tcp']
/** CoreDNS's numbers: 1 is IPv4, 2 anything else. */
const FAMILY_LABELS = ['1', '2']

/** CoreDNS's text; what is counted, there as here, is the length of the request. */
const REQUEST_SIZE_HELP =
  'Size of the EDNS0 UDP buffer in bytes (64K for TCP) per zone and protocol.'

const SECONDS: HistogramShape = { bounds: TIME_BUCKETS, unitsPerOne: 1e9 }
const BYTES: HistogramShape = { bounds: SIZE_BUCKETS, unitsPerOne: 1 }

/** Index in TYPE_LABELS by type number, for the types below 260 (all that are kept). */
const TYPE_INDEX = new Uint8Array(260).fill(OTHER_INDEX)
for (const [index, label] of TYPE_LABELS.entries()) {
  const type = typeFromText(label)
  if (type !== undefined && type < TYPE_INDEX.length) TYPE_INDEX[type] = index
}

const typeIndex = (type: number): number => TYPE_INDEX[type] ?? OTHER_INDEX

export interface DnsMetricLabels {
  /** `server` labels. */
  readonly servers: readonly string[]
  readonly zones: readonly string[]
  readonly view: string
  /** Values of the `plugin` label of responses. */
  readonly plugins: readonly string[]
}

/** Offsets, as plain data for shards. */
export interface DnsMetricVectors {
  readonly zoneCount: number
  readonly pluginCount: number
  readonly requests: Vector
  readonly durations: Vector
  readonly requestSizes: Vector
  readonly doRequests: Vector
  readonly responseSizes: Vector
  readonly responses: Vector
}

const family = (name: string, help: string, labels: readonly string[]): FamilyOptions => ({
  name: `coredns_dns_${name}`,
  help,
  labelNames: ['server', 'zone', 'view', ...labels],
})

/** Reserves the series on main. */
export const declareDnsMetrics = (
  metrics: MetricRegistrar,
  labels: DnsMetricLabels,
): DnsMetricVectors => {
  const fixed = { view: labels.view }
  const places = { server: labels.servers, zone: labels.zones }
  const requests = family(
    'requests_total',
    'Counter of DNS requests made per zone, protocol and family.',
    ['proto', 'family', 'type'],
  )
  const durations = family(
    'request_duration_seconds',
    'Histogram of the time (in seconds) each request took per zone.',
    [],
  )
  const requestSizes = family('request_size_bytes', REQUEST_SIZE_HELP, ['proto'])
  const doRequests = family(
    'do_requests_total',
    'Counter of DNS requests with DO bit set per zone.',
    [],
  )
  const responseSizes = family('response_size_bytes', 'Size of the returned response in bytes.', [
    'proto',
  ])
  const responses = family('responses_total', 'Counter of response status codes.', [
    'rcode',
    'plugin',
  ])
  const seconds = { buckets: SECONDS.bounds, unitsPerOne: SECONDS.unitsPerOne }
  const bytes = { buckets: BYTES.bounds, unitsPerOne: BYTES.unitsPerOne }
  const byProto = { ...places, proto: PROTO_LABELS }
  return {
    zoneCount: labels.zones.length,
    pluginCount: labels.plugins.length,
    requests: metrics
      .counter(requests)
      .vector(fixed, { ...byProto, family: FAMILY_LABELS, type: TYPE_LABELS }),
    durations: metrics.histogram({ ...durations, ...seconds }).vector(fixed, places),
    requestSizes: metrics.histogram({ ...requestSizes, ...bytes }).vector(fixed, byProto),
    doRequests: metrics.counter(doRequests).vector(fixed, places),
    responseSizes: metrics.histogram({ ...responseSizes, ...bytes }).vector(fixed, byProto),
    responses: metrics
      .counter(responses)
      .vector(fixed, { ...places, rcode: RCODE_LABELS, plugin: labels.plugins }),
  }
}

/** Counts in one shard's row. */
export class DnsMetrics {
  readonly #row: CounterRow
  readonly #vectors: DnsMetricVectors

  constructor(row: CounterRow, vectors: DnsMetricVectors) {
    this.#row = row
    this.#vectors = vectors
  }

  /** `server` and `zone` are positions in the lists that were declared. `family` is 4 or 6. */
  request(
    server: number,
    zone: number,
    isTcp: boolean,
    family: number,
    type: number,
    isDo: boolean,
    bytes: number,
  ): void {
    const { requests, requestSizes, doRequests, zoneCount } = this.#vectors
    const place = server * zoneCount + zone
    const placeAndProto = place * PROTO_LABELS.length + (isTcp ? 1 : 0)
    const row = placeAndProto * FAMILY_LABELS.length + (family === 4 ? 0 : 1)
    this.#row.add(requests.base + (row * TYPE_LABELS.length + typeIndex(type)) * requests.step)
    this.#row.observe(requestSizes.base + placeAndProto * requestSizes.step, BYTES, bytes)
    if (isDo) this.#row.add(doRequests.base + place * doRequests.step)
  }

  /** `plugin` is a position too. `bytes` is the uncompressed size, 0 if no plugin wrote a reply. */
  response(
    server: number,
    zone: number,
    isTcp: boolean,
    rcode: number,
    plugin: number,
    bytes: number,
    seconds: number,
  ): void {
    this.reply(server, zone, isTcp, rcode, plugin, bytes)
    this.durations(server * this.#vectors.zoneCount + zone, seconds, 1)
  }

  /** A response without its duration, which `durations` counts once it is known. */
  reply(
    server: number,
    zone: number,
    isTcp: boolean,
    rcode: number,
    plugin: number,
    bytes: number,
  ): void {
    const { responses, responseSizes, zoneCount, pluginCount } = this.#vectors
    const place = server * zoneCount + zone
    const placeAndProto = place * PROTO_LABELS.length + (isTcp ? 1 : 0)
    const row = place * RCODE_COUNT + Math.min(rcode, RCODE_COUNT - 1)
    this.#row.add(responses.base + (row * pluginCount + plugin) * responses.step)
    this.#row.observe(responseSizes.base + placeAndProto * responseSizes.step, BYTES, bytes)
  }

  /** `times` requests that took so long each; `place` is server * zoneCount + zone. */
  durations(place: number, seconds: number, times: number): void {
    const { durations } = this.#vectors
    this.#row.observe(durations.base + place * durations.step, SECONDS, seconds, times)
  }
}
