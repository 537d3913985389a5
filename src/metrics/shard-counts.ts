// Hot path. What shards count in addition to the metrics of their generation: messages that were no
// queries, replies that could not be sent, batches. The counts belong to the process and outlive
// reloads and shards.

import type { CounterRow } from '../memory/counters.ts'
import type { WorkCount } from '../memory/heartbeat.ts'
import type { MetricRegistrar, Vector } from './registrar.ts'

/** Why a message was not taken as a query. */
export const REJECTIONS = [
  'short',
  'oversized',
  'response',
  'source_port',
  'opcode',
  'malformed',
  'budget',
] as const
export type Rejection = (typeof REJECTIONS)[number]
const UNSENT = ['full', 'refused']
/** Why a TCP connection was closed by the server before its time. */
const CUTS = ['room', 'budget', 'frames', 'flood'] as const

/** What a PROXY header has come to, or a message without one where headers are expected. */
export const PROXY_RESULTS = [
  'used',
  'local',
  'remembered',
  'ignored',
  'refused',
  'malformed',
  'absent',
] as const
export type ProxyResult = (typeof PROXY_RESULTS)[number]
/** How TLS handshakes end: the first two make a connection. */
export const HANDSHAKE_OUTCOMES = [
  'full',
  'resumed',
  'not_tls',
  'no_certificate',
  'refused_certificate',
  'timeout',
  'error',
] as const
export type HandshakeOutcome = (typeof HANDSHAKE_OUTCOMES)[number]

/** Offsets in a shard's row, as plain data for shards. */
export interface ShardCounters {
  readonly rejected: Vector
  readonly unsent: Vector
  readonly datagrams: Vector
  readonly batches: Vector
  readonly connections: Vector
  readonly cuts: Vector
  readonly stalls: Vector
  readonly proxyHeaders: Vector
  readonly handshakes: Vector
}

/** On main, once, on the process's own registrar. */
export const declareShardCounters = (metrics: MetricRegistrar): ShardCounters => {
  const rejected = 'Messages that were dropped or refused before routing, by reason.'
  const unsent =
    'UDP replies that could not be sent: the socket stayed full, or the system refused them.'
  const datagrams = 'UDP datagrams received.'
  const batches =
    'Batches that UDP datagrams were received in: with node:dgram, turns of the event loop.'
  const connections = 'TCP connections accepted.'
  const cuts =
    'TCP connections that the server has closed: to make room for a newcomer, to free what a client did not fetch, for empty frames, or for floods over HTTP.'
  const stalls =
    'Times that reading from a TCP connection stopped because --inflight-bytes was spent, or its client had its share.'
  const proxied =
    'PROXY headers by what they came to, and datagrams and connections without one, where headers are expected.'
  const handshakes =
    'TLS handshakes of clients by how they ended: those that are full or resumed made a connection.'
  const family = (name: string, help: string, labelNames: readonly string[] = []) =>
    metrics.counter({ name: `shardns_${name}`, help, labelNames })
  return {
    rejected: family('rejected_messages_total', rejected, ['reason']).vector(
      {},
      { reason: REJECTIONS },
    ),
    unsent: family('unsent_replies_total', unsent, ['reason']).vector({}, { reason: UNSENT }),
    datagrams: family('udp_datagrams_total', datagrams).vector({}),
    batches: family('udp_batches_total', batches).vector({}),
    connections: family('tcp_connections_total', connections).vector({}),
    cuts: family('tcp_connections_cut_total', cuts, ['reason']).vector({}, { reason: CUTS }),
    stalls: family('tcp_stalls_total', stalls).vector({}),
    proxyHeaders: family('proxy_headers_total', proxied, ['result']).vector(
      {},
      { result: PROXY_RESULTS },
    ),
    handshakes: family('tls_handshakes_total', handshakes, ['outcome']).vector(
      {},
      { outcome: HANDSHAKE_OUTCOMES },
    ),
  }
}

/** The counts of one shard. */
export class ShardCounts {
  readonly #row: CounterRow
  readonly #at: ShardCounters
  readonly #work: WorkCount

  constructor(row: CounterRow, counters: ShardCounters, work: WorkCount) {
    this.#row = row
    this.#at = counters
    this.#work = work
  }

  /**
   * A message was taken or answered: what shows main that the shard works, however long its event
   * loop has not come round.
   */
  worked(): void {
    this.#work.add()
  }

  rejected(reason: Rejection): void {
    const { base, step } = this.#at.rejected
    this.#row.add(base + REJECTIONS.indexOf(reason) * step)
  }
  proxyHeader(result: ProxyResult): void {
    const { base, step } = this.#at.proxyHeaders
    this.#row.add(base + PROXY_RESULTS.indexOf(result) * step)
  }
  full(): void {
    this.#row.add(this.#at.unsent.base)
  }
  refused(): void {
    this.#row.add(this.#at.unsent.base + this.#at.unsent.step)
  }
  /** What the connections of the shard count: TcpCounts of net/tcp/room.ts. */
  readonly tcp = {
    connected: () => this.#row.add(this.#at.connections.base),
    cut: (reason: (typeof CUTS)[number]) =>
      this.#row.add(this.#at.cuts.base + CUTS.indexOf(reason) * this.#at.cuts.step),
    stalled: () => this.#row.add(this.#at.stalls.base),
    handshake: (outcome: HandshakeOutcome) =>
      this.#row.add(
        this.#at.handshakes.base + HANDSHAKE_OUTCOMES.indexOf(outcome) * this.#at.handshakes.step,
      ),
  }
  batch(datagrams: number): void {
    this.#row.add(this.#at.datagrams.base, datagrams)
    this.#row.add(this.#at.batches.base)
  }
}
