// One upstream as a shard sees it: relays a query to it over the protocol that the settings and the
// client's transport ask for. The caller decides which upstream is asked, how often, and what
// happens to the reply.

import { clientKey } from '../base/ip.ts'
import type { Clock } from '../base/time/clock.ts'
import type { UdpPool } from '../chain/plugin/udp-pool.ts'
import type { Query } from '../chain/query/query.ts'
import type { Reply } from '../chain/reply/reply.ts'
import { FLAG_TC, getFlags } from '../wire/header.ts'
import { askDoh, authorityOf, type DohMethod } from './doh.ts'
import type { Endpoint } from './endpoint.ts'
import { ExchangeError, tooManyConnections } from './exchange-error.ts'
import { HttpSession } from './http-session.ts'
import { PooledUdpClient } from './pooled-udp-client.ts'
import { RelayedQuestion } from './relayed-question.ts'
import type { SocketAllowance } from './socket-allowance.ts'
import { type PoolOptions, StreamPool } from './stream-pool.ts'
import { UdpClient, type UdpExchanger } from './udp-client.ts'

/**
 * A dial may take this long, however short the read time-out: a TLS handshake is three round trips.
 */
const MINIMUM_DIAL_MS = 1000

/** The order is that of the `proto` label's dimension. */
export const PROTOCOLS = ['udp', 'tcp', 'tcp-tls'] as const
export type ProtocolName = (typeof PROTOCOLS)[number]

export interface UpstreamOptions extends PoolOptions {
  readonly forceTcp: boolean
  readonly preferUdp: boolean
  readonly readTimeoutMs: number
  /** For `https` endpoints. */
  readonly dohMethod: DohMethod
}

export interface UpstreamEvents {
  /** A datagram or message that does not answer the question. */
  ignored(): void
  /** A connection for one exchange: taken from the pool, or new. Those over HTTP are not told. */
  connection(protocol: ProtocolName, isReused: boolean): void
}

/** What the shard gives to its upstreams. */
export interface UpstreamMeans {
  readonly sockets: SocketAllowance
  readonly clock: Clock
  /** The engine's pooled sockets, if it has any. */
  readonly udpPool?: UdpPool | undefined
}

export class Upstream {
  readonly endpoint: Endpoint
  readonly #options: UpstreamOptions
  readonly #events: UpstreamEvents
  readonly #clock: Clock
  readonly #udp: UdpExchanger
  readonly #pool: StreamPool
  readonly #http: HttpSession | undefined
  readonly #streamProtocol: ProtocolName
  readonly #sockets: SocketAllowance

  constructor(
    endpoint: Endpoint,
    options: UpstreamOptions,
    events: UpstreamEvents,
    { sockets, clock, udpPool }: UpstreamMeans,
  ) {
    this.endpoint = endpoint
    this.#options = options
    this.#events = events
    this.#clock = clock
    this.#sockets = sockets
    this.#udp =
      udpPool === undefined
        ? new UdpClient(sockets, options.sourceAddress)
        : new PooledUdpClient({
            remote: endpoint,
            udpPool,
            sockets,
            clock,
            ignored: events.ignored,
            sourceAddress: options.sourceAddress,
          })
    this.#pool = new StreamPool(endpoint, options, sockets, clock)
    if (endpoint.protocol === 'https')
      this.#http = new HttpSession(endpoint, authorityOf(endpoint), options, sockets, clock)
    this.#streamProtocol = endpoint.protocol === 'tls' ? 'tcp-tls' : 'tcp'
  }

  /**
   * Ends at `deadlineMs` (Clock.ms()) at the latest. The reply is relayed as it came, under an id
   * of ours, and can be read (judge.ts). Rejects with an ExchangeError.
   */
  ask(query: Query, deadlineMs: number): Promise<Reply> {
    if (this.#http !== undefined) return this.#askHttp(this.#http, query, deadlineMs)
    const { forceTcp, preferUdp } = this.#options
    const isStream =
      this.endpoint.protocol === 'tls' || forceTcp || (query.proto === 'tcp' && !preferUdp)
    if (isStream) return this.#askStream(query, deadlineMs)
    const question = new RelayedQuestion(query.bytes, query.question, {
      ignored: this.#events.ignored,
      retry: () =>
        this.#askStream(query, deadlineMs).then(reply => {
          question.reply = reply
          return reply.bytes
        }),
    })
    const timeoutMs = this.#timeout(this.#options.readTimeoutMs, deadlineMs)
    const exchange = this.#udp.exchange(this.endpoint, question, timeoutMs)
    this.#events.connection('udp', this.#udp.wasReused)
    return exchange.then(() => {
      const reply = question.reply!
      const isTruncated = (getFlags(reply.bytes, 0) & FLAG_TC) !== 0
      return preferUdp && isTruncated ? this.#askStream(query, deadlineMs) : reply
    })
  }

  /** Closes idle connections that have expired. */
  sweep(): void {
    this.#udp.sweep()
    this.#pool.sweep()
    this.#http?.sweep()
  }

  close(): void {
    this.#udp.close()
    this.#pool.close()
    this.#http?.close()
  }

  async #askHttp(http: HttpSession, query: Query, deadlineMs: number): Promise<Reply> {
    const question = new RelayedQuestion(query.bytes, query.question, {
      ignored: this.#events.ignored,
      isStream: true,
    })
    const { readTimeoutMs, dohMethod } = this.#options
    const client = clientKey(query.client.address)
    await askDoh(question, dohMethod, this.endpoint, request =>
      http.exchange(request, client, {
        dialMs: () => this.#timeout(Math.max(MINIMUM_DIAL_MS, readTimeoutMs), deadlineMs),
        readMs: () => this.#timeout(readTimeoutMs, deadlineMs),
      }),
    )
    return question.reply!
  }

  /**
   * A pooled connection that the peer has closed is no failure: the next one, or a new one, is used
   * instead.
   */
  async #askStream(query: Query, deadlineMs: number): Promise<Reply> {
    const client = clientKey(query.client.address)
    this.#sockets.joined(client)
    try {
      return await this.#exchangeStream(query, client, deadlineMs)
    } finally {
      this.#sockets.left(client)
    }
  }

  async #exchangeStream(query: Query, client: string, deadlineMs: number): Promise<Reply> {
    const question = new RelayedQuestion(query.bytes, query.question, {
      ignored: this.#events.ignored,
      isStream: true,
    })
    const { readTimeoutMs } = this.#options
    for (;;) {
      const pooled = this.#pool.take()
      this.#events.connection(this.#streamProtocol, pooled !== undefined)
      const dialLimitMs = this.#timeout(Math.max(MINIMUM_DIAL_MS, readTimeoutMs), deadlineMs)
      if (pooled === undefined && !this.#sockets.mayDial(client))
        throw tooManyConnections(this.endpoint.name, this.#sockets.limit)
      const connection = pooled ?? (await this.#pool.open(dialLimitMs))
      try {
        await connection.exchange(question, this.#timeout(readTimeoutMs, deadlineMs))
        return question.reply!
      } catch (error) {
        const wasStale =
          pooled !== undefined && error instanceof ExchangeError && error.kind === 'closed'
        if (!wasStale) throw error
      } finally {
        this.#pool.give(connection)
      }
    }
  }

  #timeout(ms: number, deadlineMs: number): number {
    return Math.max(1, Math.min(ms, deadlineMs - this.#clock.ms()))
  }
}
