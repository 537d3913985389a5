// One query on the slow path: the request's bytes and what was read from them once.

import { type Edns, setOptUdpSize } from '../wire/edns.ts'
import { getFlags, getId, setFlags } from '../wire/header.ts'
import type { Question } from '../wire/question.ts'
import { RCODE_REFUSED } from '../wire/rcodes.ts'
import { ServerError } from './errors.ts'

export type Transport = 'udp' | 'tcp'

/**
 * From a query's arrival until it is answered or has failed: clients give up after that. Every wait
 * in a chain ends by the query's deadline.
 */
export const QUERY_BUDGET_MS = 5000

/**
 * An address with its port. IPv6 without brackets or zone; an IPv4-mapped IPv6 address is given as
 * IPv4.
 */
export interface Peer {
  readonly address: string
  readonly port: number
  readonly family: 4 | 6
}

/**
 * The listener that a query came in by. `label` is CoreDNS's `server` label, such as `dns://:53`;
 * `index` counts listeners from 0.
 */
export interface ListenerRef {
  readonly index: number
  readonly label: string
}

/** Room for a query that has to wait for somebody else, and holds memory meanwhile. */
export interface Waiting {
  /** False if there is none. Once there is, it is kept until the query is answered. */
  tryWait(): boolean
  /** It waits, whatever room there is. */
  wait(): void
  /** It is answered. */
  leave(): void
}

export interface QueryParts {
  /**
   * The whole message, owned by the query from here on. No Buffer: `slice` of a Buffer copies
   * nothing.
   */
  readonly bytes: Uint8Array
  readonly question: Question
  /** The OPT record, absent when the request had none. */
  readonly edns: Edns | undefined
  readonly transport: Transport
  readonly client: Peer
  readonly local: Peer
  readonly listener: ListenerRef
  /** Clock.ms() when the message was read from the socket. */
  readonly receivedMs: number
  /**
   * Absent where what waits is bounded in another way: over TCP by the connection, and for the
   * server's own questions.
   */
  readonly waiting?: Waiting | undefined
}

export class Query {
  readonly bytes: Uint8Array
  readonly question: Question
  readonly transport: Transport
  readonly client: Peer
  readonly local: Peer
  readonly listener: ListenerRef
  readonly receivedMs: number
  /** View that routing chose, '' for none. Set by the router. */
  view = ''
  readonly #waiting: Waiting | undefined
  #edns: Edns | undefined

  constructor(parts: QueryParts) {
    this.bytes = parts.bytes
    this.question = parts.question
    this.transport = parts.transport
    this.client = parts.client
    this.local = parts.local
    this.listener = parts.listener
    this.receivedMs = parts.receivedMs
    this.#waiting = parts.waiting
    this.#edns = parts.edns
  }

  get edns(): Edns | undefined {
    return this.#edns
  }
  get id(): number {
    return getId(this.bytes, 0)
  }
  /** The second header word: QR, opcode, AA, TC, RD, RA, Z, AD, CD, rcode. */
  get flags(): number {
    return getFlags(this.bytes, 0)
  }
  get do(): boolean {
    return this.#edns?.do ?? false
  }
  /** Clock.ms() by which the query is answered, or has failed. */
  get deadlineMs(): number {
    return this.receivedMs + QUERY_BUDGET_MS
  }
  /** Largest reply in bytes: 65535 over TCP; over UDP what the client advertised, at least 512. */
  get replyLimit(): number {
    if (this.transport === 'tcp') return 65535
    return Math.max(512, this.#edns?.udpSize ?? 512)
  }

  /**
   * To be called before the query waits for an upstream, or for another query's answer. Throws a
   * ServerError with REFUSED, as over `max_concurrent`, if waiting queries hold all that they may.
   */
  mustWait(): void {
    if (this.#waiting?.tryWait() === false) {
      throw new ServerError(
        'INFLIGHT_BYTES',
        'waiting queries hold all that --inflight-bytes lets them',
        RCODE_REFUSED,
      )
    }
  }

  /** It waits, and nobody has asked for room. */
  waits(): void {
    this.#waiting?.wait()
  }

  /**
   * It is answered: what is done in its name from here on holds nothing for its client. Dispatch
   * only.
   */
  answered(): void {
    this.#waiting?.leave()
  }

  /**
   * Lowers the advertised UDP size in place, in the request's bytes too, as CoreDNS's bufsize does.
   * No effect without OPT.
   */
  lowerUdpSize(limit: number): void {
    const edns = this.#edns
    if (edns === undefined || edns.udpSize <= limit) return
    setOptUdpSize(this.bytes, edns.offset, limit)
    this.#edns = { ...edns, udpSize: limit }
  }

  /**
   * A query like this one whose header flags word, transport or time are others. The bytes are
   * copied; all else is shared.
   */
  with(change: {
    readonly flags?: number
    readonly transport?: Transport
    readonly receivedMs?: number
  }): Query {
    const bytes = new Uint8Array(this.bytes)
    if (change.flags !== undefined) setFlags(bytes, 0, change.flags)
    const query = new Query({
      bytes,
      question: this.question,
      edns: this.#edns,
      transport: change.transport ?? this.transport,
      client: this.client,
      local: this.local,
      listener: this.listener,
      receivedMs: change.receivedMs ?? this.receivedMs,
      waiting: this.#waiting,
    })
    query.view = this.view
    return query
  }
}
