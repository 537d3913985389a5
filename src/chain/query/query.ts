// One query on the slow path: the request's bytes, and the fields that were parsed from them.

import { type IpAddress, parseIp, withoutZone } from '../../base/ip.ts'
import type { CacheKey } from '../../cache/key.ts'
import { type Edns, findOption, setOptUdpSize } from '../../wire/edns.ts'
import { FLAG_CD, getFlags, getId, setFlags } from '../../wire/header.ts'
import { NameView, nameToText } from '../../wire/name.ts'
import type { Question } from '../../wire/question.ts'
import { RCODE_REFUSED } from '../../wire/rcodes.ts'
import { TYPE_AXFR, TYPE_IXFR, typeToText } from '../../wire/rrtypes.ts'
import { checkU16 } from '../checked.ts'
import { ServerError } from '../errors.ts'
import { type Message, readMessage } from '../message.ts'
import type { Reply } from '../reply/reply.ts'
import type { Streams } from '../reply/stream.ts'
import { Trail } from '../reply/trail.ts'
import type { Asked, Concerned, ListenerRef } from './asked.ts'
import { changeQuestion, type QuestionChange } from './question-change.ts'
import {
  type ConnectionFacts,
  isDatagram,
  NO_FACTS,
  type Proto,
  protoOf,
  type Transport,
} from './transport.ts'

export type { ListenerRef } from './asked.ts'
export type { Transport } from './transport.ts'

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
  /** A proxy on another machine has named it: it is no client of this machine, whatever it says. */
  readonly isForeign?: boolean
}

/** Limits the queries that wait for an upstream or another query, since each holds memory. */
export interface Waiting {
  /** Reserves a place; false if there is none. The place is kept until `leave`. */
  tryWait(): boolean
  /** Counts the query as waiting, even if there is no place. */
  wait(): void
  /** The query is answered: frees its place. */
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
  /** Data that the client sent when it connected; absent over plain UDP and TCP. */
  readonly facts?: ConnectionFacts | undefined
  /** Clock.ms() when the message was read from the socket. */
  readonly receivedMs: number
  /** Absent where a question is answered with one message. */
  readonly streams?: Streams | undefined
  /**
   * Absent where the number of waiting queries has another limit: over TCP that of the connection.
   * Absent for the server's own questions, too.
   */
  readonly waiting?: Waiting | undefined
  /** The results of the fast path, borrowed; absent if the query did not take it. */
  readonly read?: Read | undefined
}

/** The metadata that plugins give for a query, by label such as `kubernetes/client-namespace`. */
export interface QueryMetadata {
  /**
   * The value, computed at first use; undefined if no plugin gives the label, '' if it cannot be
   * computed.
   */
  get(label: string): string | undefined
  set(label: string, value: () => string): void
}

/** Questions of the server's own that one query of a client may lead to. */
export const MOST_ASKED = 100
/**
 * Further questions that are answered with a refusal: a reply in which some aliases are not
 * followed is better than none. A plugin that asks even more is in a loop.
 */
const MOST_REFUSED = 1000
/**
 * Calls of stages that one query may lead to. A walk through a hundred domains, with a dozen
 * plugins further back in the chain, takes a tenth of it.
 */
const MOST_CALLS = 10_000
/** Of these calls, those that wait for an upstream. */
const MOST_WAITS = 1000

/** State that a query shares with all queries derived from it. */
class Life {
  /** Questions of the server's own that it has led to. */
  asked = 0
  /** Number of those that were refused. */
  refused = 0
  /** Calls of stages. */
  calls = 0
  /** Number of waits for an upstream. */
  waits = 0
  /** The deadline has passed without an answer. */
  isCut = false
  trail: Trail | undefined
  #controller: AbortController | undefined
  #isOver = false

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isOver) this.#controller.abort()
    return this.#controller.signal
  }

  end(): void {
    this.#isOver = true
    if (this.#controller === undefined) return
    // Node rethrows an error of a listener on a tick of its own; it runs between these two ticks.
    process.nextTick(setAborting, true)
    this.#controller.abort()
    process.nextTick(setAborting, false)
  }
}

let isAborting = false
const setAborting = (is: boolean): void => void (isAborting = is)

/** Whether the uncaught error that is reported now was thrown by a listener of a query's signal. */
export const isOfSignal = (): boolean => isAborting

/** The changes that make a query from another; absent fields stay as they are. */
export interface QueryChange extends QuestionChange {
  /** The second header word: QR, opcode, AA, TC, RD, RA, Z, AD, CD, rcode. */
  readonly flags?: number
  readonly transport?: Transport
  /**
   * By Clock.ms(). It can only become earlier: a later deadline than the present one changes
   * nothing.
   */
  readonly deadlineMs?: number
}

/** The part of a FastQuery that the slow path uses: its key, and the stages that it concerns. */
interface Read {
  readonly key: Pick<CacheKey, 'hashLow' | 'hashHigh'>
  readonly askedBits: number
  readonly concernedBits: number
}

/** Whether an answer may be several messages. */
export const isTransfer = (qtype: number): boolean => qtype === TYPE_AXFR || qtype === TYPE_IXFR

/** An address that cannot be read. */
const NO_ADDRESS: IpAddress = { bytes: new Uint8Array(0), family: 4 }

export class Query implements Asked {
  readonly bytes: Uint8Array
  readonly question: Question
  readonly transport: Transport
  readonly client: Peer
  readonly local: Peer
  readonly listener: ListenerRef
  readonly facts: ConnectionFacts
  readonly receivedMs: number
  /** Name of the *view* that the query was routed to, '' for none. Set by the router. */
  view = ''
  /** Set by the *metadata* plugin; undefined if this block does not have it. */
  metadata: QueryMetadata | undefined
  /** Bytes of a reply that are kept free for stages that see it leave. Set by the server. */
  reservedBytes = 0
  #deadlineMs: number
  #depth = 0
  #life = new Life()
  readonly #streams: Streams | undefined
  readonly #waiting: Waiting | undefined
  readonly #askedBits: number
  readonly #concernedBits: number
  #edns: Edns | undefined
  #name: NameView | undefined
  #address: IpAddress | undefined
  /** Whether the hash of the question's key is known. */
  #isHashed: boolean
  #hashLow: number
  #hashHigh: number

  constructor(parts: QueryParts) {
    this.bytes = parts.bytes
    this.question = parts.question
    this.transport = parts.transport
    this.client = parts.client
    this.local = parts.local
    this.listener = parts.listener
    this.facts = parts.facts ?? NO_FACTS
    this.receivedMs = parts.receivedMs
    this.#deadlineMs = parts.receivedMs + QUERY_BUDGET_MS
    this.#streams = parts.streams
    this.#waiting = parts.waiting
    this.#edns = parts.edns
    const { read } = parts
    this.#askedBits = read?.askedBits ?? 0
    this.#concernedBits = read?.concernedBits ?? 0
    this.#isHashed = read !== undefined
    this.#hashLow = read?.key.hashLow ?? 0
    this.#hashHigh = read?.key.hashHigh ?? 0
  }

  get name(): NameView {
    this.#name ??= new NameView(this.question.folded)
    return this.#name
  }
  get qtype(): number {
    return this.question.type
  }
  get qclass(): number {
    return this.question.class
  }
  /**
   * The qname as text, in the case of the request, with a dot at the end. Made at each call.
   * `question.name` is in lower case and made once.
   */
  get qname(): string {
    return nameToText(this.question.wire)
  }
  /** `A`, `AAAA`, `TYPE65280`. */
  get qtypeText(): string {
    return typeToText(this.qtype)
  }
  /**
   * The whole message as an object, decoded by dns-packet at first use from the bytes at that
   * moment. Frozen, and the same object at each call. Throws a ServerError for a message that
   * dns-packet cannot read.
   */
  get message(): Message {
    return readMessage(this)
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
  get udpSize(): number {
    return this.#edns?.udpSize ?? 0
  }
  hasOption(code: number): boolean {
    return this.#edns !== undefined && findOption(this.bytes, this.#edns, code) !== undefined
  }
  get address(): IpAddress {
    this.#address ??= parseIp(withoutZone(this.client.address)) ?? NO_ADDRESS
    return this.#address
  }
  /** The deadline, by Clock.ms(): until then the query is answered, or fails. */
  get deadlineMs(): number {
    return this.#deadlineMs
  }
  /**
   * Nesting of the server's own questions: 0 for a client's query, 1 for a question that it leads
   * to.
   */
  get depth(): number {
    return this.#depth
  }
  /**
   * Aborts once the query is answered, or has failed: work that goes on for it is useless then. It
   * does not abort at the deadline by itself. To keep that, use `AbortSignal.any([query.signal,
   * AbortSignal.timeout(…)])`.
   */
  get signal(): AbortSignal {
    return this.#life.signal
  }
  /** Whether the answer must fit in one datagram, of the size that the client accepts. */
  get isDatagram(): boolean {
    return isDatagram(this.transport)
  }
  /** For stages that answer with several messages; undefined: the answer is one message. */
  get streams(): Streams | undefined {
    return isTransfer(this.qtype) ? this.#streams : undefined
  }
  /** The transport's name in log lines and metrics: `udp` or `tcp`. */
  get proto(): Proto {
    return protoOf(this.transport)
  }
  /**
   * Largest reply in bytes: for a datagram the client's advertised UDP size, at least 512; else
   * 65535.
   */
  get replyLimit(): number {
    return this.isDatagram ? Math.max(512, this.udpSize) : 65535
  }

  /**
   * Whether the query concerns the stage. If the fast path has asked it, its result under `bit` is
   * used.
   */
  isFor(stage: Concerned, bit: number): boolean {
    if ((this.#askedBits & bit) !== 0) return (this.#concernedBits & bit) !== 0
    const isFor = stage.concerns(this)
    if (typeof isFor !== 'boolean') throw new TypeError('what concerns gives is no boolean')
    return isFor
  }

  /**
   * Makes `key` the key of the question with its DO and CD. Hashed once: all keys of a process have
   * the same seed.
   */
  setKey(key: CacheKey): CacheKey {
    const { type, class: cls, folded } = this.question
    const isCd = (this.flags & FLAG_CD) !== 0
    if (this.#isHashed)
      return key.setHashed(type, cls, this.do, isCd, folded, this.#hashLow, this.#hashHigh)
    key.set(type, cls, this.do, isCd, folded)
    this.#isHashed = true
    this.#hashLow = key.hashLow
    this.#hashHigh = key.hashHigh
    return key
  }

  /** One half of the hash of that key, as CacheKey.hashLow; `key` is scratch memory. */
  hashLow(key: CacheKey): number {
    return this.#isHashed ? this.#hashLow : this.setKey(key).hashLow
  }

  /**
   * Call it before the query waits for an upstream, or for another query's answer. Throws a
   * ServerError with REFUSED, as over `max_concurrent`, if too many queries wait already.
   */
  mustWait(): void {
    this.#life.waits++
    if (this.#waiting?.tryWait() === false) {
      throw new ServerError(
        'INFLIGHT_BYTES',
        'waiting queries hold all that --inflight-bytes lets them',
        RCODE_REFUSED,
      )
    }
  }

  /**
   * Counts a question of the server's own; false if the client's query has led to too many, nested
   * or one after the other.
   */
  mayAskMore(): boolean {
    const { calls, waits } = this.#life
    if (calls > MOST_CALLS || waits > MOST_WAITS) throw this.whyNoCall()
    return ++this.#life.asked <= MOST_ASKED
  }

  /**
   * Counts a refused question. Throws a RangeError if there are too many: the plugin is in a loop.
   */
  refused(): void {
    if (++this.#life.refused > MOST_REFUSED)
      throw new RangeError(`asks on after ${MOST_REFUSED} refused questions for one query`)
  }

  /** Whether a question of the server's own was refused for it: its answer may not be whole. */
  get isCurtailed(): boolean {
    return this.#life.refused > 0
  }

  /** Counts a call of a stage; false if it must not be called any more. */
  mayBeCalled(): boolean {
    const life = this.#life
    return ++life.calls <= MOST_CALLS && life.waits <= MOST_WAITS && !life.isCut
  }

  /** The reason, if the query is not cut: too many calls or waits, the caller's fault. */
  whyNoCall(): RangeError {
    return new RangeError(
      this.#life.waits > MOST_WAITS
        ? `one query waits for upstreams more than ${MOST_WAITS} times`
        : `one query leads to more than ${MOST_CALLS} calls of plugins`,
    )
  }

  /** Records the outcome of a stage for this query: see Trail. */
  gave(plugin: string, outcome: Reply | Promise<Reply>): void {
    const life = this.#life
    life.trail ??= new Trail()
    life.trail.note(plugin, this, outcome)
  }

  /** The outcomes so far; undefined if no stage has given one yet. */
  get trail(): Trail | undefined {
    return this.#life.trail
  }

  /** The deadline has passed: the client was answered SERVFAIL, and a later outcome is ignored. */
  get isCut(): boolean {
    return this.#life.isCut
  }

  /** Marks the query as cut. For dispatch only. */
  cut(): void {
    this.#life.isCut = true
  }

  /** Counts the query as waiting, without a check of the limit. */
  waits(): void {
    this.#waiting?.wait()
  }

  /**
   * Marks the query as answered: its signal aborts, and its place among the waiting is free. For
   * dispatch only.
   */
  answered(): void {
    this.#waiting?.leave()
    this.#life.end()
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
   * A query like this one with the change made, in new bytes: another question for the rest of the
   * chain, other flags, an earlier deadline. The reply to another question is given back under the
   * first one by `renamed` (chain/answer/renamed.ts).
   */
  with(change: QueryChange): Query {
    const { flags, deadlineMs, transport } = change
    checkU16('flags', flags)
    if (Number.isNaN(deadlineMs)) throw new RangeError('deadlineMs is no number')
    if (transport !== undefined && protoOf(transport) === undefined)
      throw new RangeError(`transport ${transport} is none`)
    return this.#changed(change, this.#streams)
  }

  /**
   * A question of the server's own that this query leads to: one level deeper, answered with one
   * message.
   */
  asOwn(change: QuestionChange): Query {
    const query = this.#changed(change, undefined)
    query.#depth = this.#depth + 1
    return query
  }

  #changed(change: QueryChange, streams: Streams | undefined): Query {
    const isOther =
      change.name !== undefined ||
      change.type !== undefined ||
      change.class !== undefined ||
      change.options !== undefined
    const own = { bytes: this.bytes, question: this.question, edns: this.#edns }
    const { bytes, question, edns } = isOther
      ? changeQuestion(own, change)
      : { ...own, bytes: new Uint8Array(this.bytes) }
    if (change.flags !== undefined) setFlags(bytes, 0, change.flags)
    const query = new Query({
      bytes,
      question,
      edns,
      transport: change.transport ?? this.transport,
      client: this.client,
      local: this.local,
      listener: this.listener,
      facts: this.facts,
      streams,
      receivedMs: this.receivedMs,
      waiting: this.#waiting,
    })
    query.view = this.view
    query.metadata = this.metadata
    query.reservedBytes = this.reservedBytes
    query.#depth = this.#depth
    query.#life = this.#life
    query.#deadlineMs = this.#deadlineMs
    if (change.deadlineMs !== undefined)
      query.#deadlineMs = Math.min(query.#deadlineMs, change.deadlineMs)
    if (!isOther && ((query.flags ^ this.flags) & FLAG_CD) === 0) query.#takeHash(this)
    return query
  }

  #takeHash(of: Query): void {
    this.#isHashed = of.#isHashed
    this.#hashLow = of.#hashLow
    this.#hashHigh = of.#hashHigh
  }
}
