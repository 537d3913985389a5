// Takes one message from a socket to its answer on the slow path: header check, question, routing,
// chain, finished reply. Results of the fast path (parsing, route) are used if there are any. Every
// failure is handled here: no exception leaves, and every message gets exactly one respond().

import type { Clock } from '../../base/time/clock.ts'
import { passingBytes } from '../../base/v8/collector.ts'
import type { CacheKey } from '../../cache/key.ts'
import { answer, errorReply } from '../../chain/answer/answer.ts'
import { finishReply } from '../../chain/answer/finish.ts'
import { isA, rcodeOfError, ServerError } from '../../chain/errors.ts'
import { FastQuery } from '../../chain/query/fast-query.ts'
import {
  isTransfer,
  type Peer,
  QUERY_BUDGET_MS,
  Query,
  type QueryParts,
} from '../../chain/query/query.ts'
import { isDatagram, rejectsItself, type Transport } from '../../chain/query/transport.ts'
import { type Following, Reply } from '../../chain/reply/reply.ts'
import { Streams } from '../../chain/reply/stream.ts'
import type { Handler } from '../../chain/stage/handler.ts'
import type { Logger } from '../../log/logger.ts'
import type { BlackBox } from '../../memory/black-box.ts'
import { isRefused } from '../../memory/refused.ts'
import type { ShardCounts } from '../../metrics/shard-counts.ts'
import { type Connection, MAX_UDP_QUERY_BYTES, type Respond } from '../../net/engine.ts'
import type { WaitingRoom } from '../../net/waiting-room.ts'
import { areOptionsSound, ednsAt, readEdns } from '../../wire/edns.ts'
import { FLAG_CD, FLAG_TC, getFlags, HEADER_SIZE, setId } from '../../wire/header.ts'
import { readLayout } from '../../wire/layout.ts'
import { Question, readQuestion } from '../../wire/question.ts'
import {
  RCODE_BADVERS,
  RCODE_FORMERR,
  RCODE_NOTIMP,
  RCODE_REFUSED,
  RCODE_SERVFAIL,
} from '../../wire/rcodes.ts'
import { CLASS_IN, typeToText } from '../../wire/rrtypes.ts'
import type { ServedListener } from '../generation.ts'
import { type Route, UNDECIDED } from '../router.ts'
import { Deadlines, GRACE_MS, type Later } from './deadlines.ts'
import { countDropped, Destination, finish } from './destination.ts'
import { prefixOf } from './faults.ts'
import { type HeaderVerdict, headerReply, judgeHeader, LOOPING_PORTS } from './header-reply.ts'
import type { Leaving } from './leaving.ts'
import { readQuery } from './read.ts'
import { messagesBehind, STREAM_LIMITS, type StreamLimits } from './stream.ts'

/**
 * Copies of a reply in memory until it is sent: as found or received, for this client, and in the
 * send buffer.
 */
const COPIES = 3

export interface DispatchParts {
  readonly clock: Clock
  /** Writes lines without a prefix. */
  readonly log: Logger
  readonly blackBox: BlackBox
  readonly waitingRoom: WaitingRoom
  /** Scratch for the hash of questions. */
  readonly key: CacheKey
  readonly counts: ShardCounts
  readonly regionWords: Int32Array
  readonly refusedOffset: number
  /** Absent: STREAM_LIMITS. */
  readonly streamLimits?: StreamLimits | undefined
  /** Absent: Node's timers. */
  readonly later?: Later | undefined
}

/** The results of the fast path for a query that it has read; `query` is borrowed. */
export interface Left {
  readonly query: FastQuery
  readonly route: Route | undefined
}

/**
 * The contents of a parsed message. `read` is the FastQuery that has parsed it, if it is of the
 * usual kind.
 */
type Said = Pick<QueryParts, 'question' | 'edns'> & { readonly read?: FastQuery }

/** Longer messages are not of the usual kind. */
const READING_BYTES = 1024

export class Dispatcher {
  readonly #parts: DispatchParts
  /**
   * Messages that have not taken the fast path are copied to this object, where they are
   * word-aligned, and parsed.
   */
  readonly #reading: FastQuery
  readonly #deadlines: Deadlines<Destination>

  constructor(parts: DispatchParts) {
    this.#parts = parts
    this.#deadlines = new Deadlines(late => this.#cut(late), parts.clock, parts.later)
    const reading = new FastQuery(parts.key)
    reading.bytes = new Uint8Array(READING_BYTES)
    reading.words = new Int32Array(reading.bytes.buffer)
    this.#reading = reading
  }

  /** Takes custody of `bytes`. `left` belongs to the same message. */
  receive(
    at: ServedListener,
    bytes: Uint8Array,
    transport: Transport,
    client: Peer,
    local: Peer,
    respond: Respond,
    left?: Left,
    connection?: Connection,
  ): void {
    const { clock, counts, waitingRoom } = this.#parts
    counts.worked()
    try {
      const said =
        left === undefined
          ? this.#read(at, bytes, transport, client, respond)
          : usual(bytes, left.query)
      if (said === undefined) return
      const { question, edns, read } = said
      const query = new Query({
        bytes,
        question,
        edns,
        transport,
        client,
        local,
        listener: at.ref,
        facts: connection?.facts,
        receivedMs: clock.ms(),
        waiting: isDatagram(transport) ? waitingRoom.admit(client, bytes.length) : undefined,
        streams: connection?.stream && isTransfer(question.type) ? new Streams() : undefined,
        read,
      })
      this.#take(new Destination(query, at, respond, connection), left)
    } catch (error) {
      at.generation.faults.panic(error, at.ref.label)
      respond(undefined)
    }
  }

  /**
   * The black box holds the question from the choice of the block on, since that may call plugins.
   * A question that has killed shards is refused before any plugin is called.
   */
  #take(to: Destination, left: Left | undefined): void {
    const { clock, blackBox, regionWords, refusedOffset } = this.#parts
    const { query } = to
    const questionHash = this.#hashOf(query)
    if (isRefused(regionWords, refusedOffset, questionHash, clock.seconds())) {
      this.#serve(to, undefined)
      return
    }
    blackBox.note(questionHash, query.bytes, HEADER_SIZE, query.question.end)
    try {
      this.#serve(to, this.#route(to, left))
    } finally {
      blackBox.clear()
    }
  }

  /**
   * The route of the query. If a plugin fails while it is chosen, the route's handler throws that
   * error.
   */
  #route({ at, query }: Destination, left: Left | undefined): Route | undefined {
    try {
      const found = left === undefined ? at.router.route(query) : left.route
      const route = found === UNDECIDED ? at.router.choose(query) : found
      if (route?.leaving !== undefined) query.reservedBytes = route.leaving.reservedFor(query)
      return route
    } catch (error) {
      const handler = (): never => {
        throw error
      }
      return { handler, view: '' }
    }
  }

  /**
   * The contents of a message that has not been parsed yet; undefined: it has been answered
   * already.
   */
  #read(
    at: ServedListener,
    bytes: Uint8Array,
    transport: Transport,
    client: Peer,
    respond: Respond,
  ): Said | undefined {
    const verdict = this.#judge(bytes, transport, client)
    const isRejected = rejectsItself(transport)
    if (verdict !== 'take' && isRejected) respond(undefined, 'rejected')
    else if (verdict === 'drop') respond(undefined)
    else if (verdict !== 'take') respond(headerReply(bytes, verdict))
    else if (bytes.length === HEADER_SIZE) {
      const reply = headerReply(bytes, RCODE_SERVFAIL)
      at.countDropped(undefined, transport, client, bytes.length, reply.length, RCODE_SERVFAIL)
      respond(reply)
    } else {
      const said = this.#readMessage(bytes)
      if (said !== undefined) return said
      this.#parts.counts.rejected('malformed')
      if (isRejected) respond(undefined, 'rejected')
      else respond(headerReply(bytes, RCODE_FORMERR, readQuestion(bytes)))
    }
    return undefined
  }

  #judge(bytes: Uint8Array, transport: Transport, client: Peer): HeaderVerdict {
    const { counts } = this.#parts
    if (isDatagram(transport) && LOOPING_PORTS.has(client.port)) {
      counts.rejected('source_port')
      return 'drop'
    }
    const verdict = judgeHeader(bytes)
    if (verdict === 'drop') counts.rejected(bytes.length < HEADER_SIZE ? 'short' : 'response')
    else if (verdict !== 'take') counts.rejected(verdict === RCODE_NOTIMP ? 'opcode' : 'malformed')
    else if (isDatagram(transport) && bytes.length > MAX_UDP_QUERY_BYTES) {
      counts.rejected('oversized')
      return RCODE_FORMERR
    }
    return verdict
  }

  /** Undefined if it is malformed. */
  #readMessage(bytes: Uint8Array): Said | undefined {
    const reading = this.#reading
    if (bytes.length <= READING_BYTES) {
      reading.bytes.set(bytes)
      reading.length = bytes.length
      if (readQuery(reading)) return usual(bytes, reading)
    }
    const layout = readLayout(bytes)
    const question = layout && readQuestion(bytes)
    if (question === undefined) return undefined
    const edns = readEdns(bytes, layout!)
    if (edns === 'malformed' || (edns !== undefined && !areOptionsSound(bytes, edns)))
      return undefined
    return { question, edns }
  }

  #serve(to: Destination, route: Route | undefined): void {
    const { query, respond } = to
    const { question, edns } = query
    const isOtherVersion = edns !== undefined && edns.version !== 0
    if (isOtherVersion && (route !== undefined || question.class === CLASS_IN))
      respond(badVersionReply(query))
    else if (route?.handler === undefined) this.#drop(to)
    else {
      query.view = route.view
      to.leaving = route.leaving
      this.#enter(to, route.handler)
    }
  }

  /**
   * The hash that identifies a question in the black box and in the list of refused questions. It
   * ignores DO and CD: it is the hash of the key without them.
   */
  #hashOf(query: Query): number {
    const { key } = this.#parts
    if (!query.do && (query.flags & FLAG_CD) === 0) return query.hashLow(key)
    const { type, class: cls, folded } = query.question
    return key.set(type, cls, false, false, folded).hashLow
  }

  #enter(to: Destination, handler: Handler): void {
    const { query, at } = to
    at.generation.enter()
    let reply: Reply | Promise<Reply>
    try {
      reply = handler(query)
    } catch (error) {
      this.#fail(to, error)
      return
    }
    if (reply instanceof Promise) this.#await(to, reply)
    else this.#send(to, reply)
  }

  /** Waits until the query is answered, or cut at its deadline; a later reply is ignored. */
  #await(to: Destination, reply: Promise<Reply>): void {
    const { query } = to
    query.waits()
    this.#deadlines.add(to, query.receivedMs + QUERY_BUDGET_MS + GRACE_MS)
    reply.then(
      value => {
        this.#deadlines.remove(to)
        if (query.isCut) endOf(value)
        else this.#send(to, value)
      },
      error => {
        this.#deadlines.remove(to)
        if (!query.isCut) this.#fail(to, error)
      },
    )
  }

  /** A plugin has not kept the deadline: answers SERVFAIL, and frees all that the query holds. */
  #cut(to: Destination): void {
    const { query, at } = to
    query.cut()
    void this.#tellCut(query, at)
    const reply = withoutRecords(query, RCODE_SERVFAIL)
    countDropped(to, reply?.bytes.length ?? HEADER_SIZE, RCODE_SERVFAIL)
    if (reply === undefined) this.#end(to, to.headerReply(RCODE_SERVFAIL))
    else this.#send(to, reply)
  }

  async #tellCut(query: Query, { generation }: ServedListener): Promise<void> {
    const { name, type } = query.question
    const plugin = (await query.trail?.waiting()) ?? ''
    generation.faults.warn(
      plugin,
      `no answer to ${name} ${typeToText(type)} within ${QUERY_BUDGET_MS / 1000} s`,
    )
  }

  #send(to: Destination, reply: Reply): void {
    this.#parts.counts.worked()
    let bytes: Uint8Array | undefined
    try {
      if (!(reply instanceof Reply)) throw new TypeError('a handler gave no reply')
      if (reply.following !== undefined) {
        void this.#stream(to, reply, reply.following, this.#message(to, reply))
        return
      }
      bytes = finish(to, reply)
      if (to.leaving !== undefined && bytes !== undefined)
        bytes = this.#leave(to, bytes, to.leaving)
    } catch (error) {
      this.#fail(to, error, reply)
      return
    }
    this.#end(to, bytes)
  }

  /**
   * An operating failure is answered with its rcode. Any other error is a defect of a plugin:
   * logged, counted as a panic, answered SERVFAIL. `unsent` is a reply that could not be sent: then
   * no plugin sees the answer leave.
   */
  #fail(to: Destination, error: unknown, unsent?: Reply): void {
    const { query, at } = to
    at.generation.faults.failed(query, error, unsent)
    const rcode = rcodeOfError(error)
    const reply = withoutRecords(query, rcode)
    if (reply === undefined) this.#end(to, to.headerReply(rcode))
    else if (unsent === undefined) this.#send(to, reply)
    else this.#end(to, finishReply(query, reply))
  }

  #leave({ query, at }: Destination, bytes: Uint8Array, leaving: Leaving): Uint8Array {
    return this.#noted(query, () => leaving.pass(query, bytes, at.generation.faults))
  }

  /** Runs `task` while the black box holds the question. */
  #noted<T>(query: Query, task: () => T): T {
    const { blackBox } = this.#parts
    blackBox.note(this.#hashOf(query), query.bytes, HEADER_SIZE, query.question.end)
    try {
      return task()
    } finally {
      blackBox.clear()
    }
  }

  #end({ query, at, respond, id }: Destination, bytes: Uint8Array | undefined): void {
    passingBytes(COPIES * (bytes?.length ?? 0))
    query.streams?.end()
    if (bytes !== undefined) setId(bytes, 0, id)
    respond(bytes)
    query.answered()
    at.generation.leave(query.receivedMs)
  }

  /** The bytes of one message of an answer of several. */
  #message(to: Destination, reply: Reply): Uint8Array {
    const { leaving, connection } = to
    if (connection?.stream === undefined)
      throw new RangeError('several messages where a question gets one')
    const bytes = finish(to, reply)
    if (bytes === undefined || (getFlags(bytes, 0) & FLAG_TC) !== 0)
      throw new RangeError('a message of a stream is silence, or does not fit')
    passingBytes(COPIES * bytes.length)
    return leaving === undefined ? bytes : this.#leave(to, bytes, leaving)
  }

  async #stream(
    to: Destination,
    reply: Reply,
    following: Following,
    first: Uint8Array,
  ): Promise<void> {
    const { log, streamLimits = STREAM_LIMITS } = this.#parts
    const { query, at } = to
    const finishNext = (message: Reply): Uint8Array => {
      this.#parts.counts.worked()
      return this.#message(to, message)
    }
    const isOver = (): boolean => at.generation.isRetired
    const rest = messagesBehind(following, finishNext, isOver, streamLimits)
    try {
      await to.connection?.stream?.(first, rest)
    } catch (error) {
      if (!isA(ServerError, error)) at.generation.faults.failed(query, error, reply)
      else {
        const { name, type } = query.question
        const plugin = (await query.trail?.giverOf(reply)) ?? query.streams?.outermost ?? ''
        log.error(
          `${prefixOf(plugin)}stream of ${name} ${typeToText(type)} broken off: ${error.message}`,
        )
      }
    }
    endOf(reply)
    this.#end(to, undefined)
  }

  #drop(to: Destination): void {
    const { query, respond } = to
    const reply = withoutRecords(query, RCODE_REFUSED)
    countDropped(to, reply?.bytes.length ?? HEADER_SIZE, RCODE_REFUSED)
    respond(reply ? finishReply(query, reply) : to.headerReply(RCODE_REFUSED))
  }
}

/** Undefined if a plugin has destroyed the question. */
const withoutRecords = (query: Query, rcode: number): Reply | undefined => {
  try {
    return errorReply(query, rcode)
  } catch {
    return undefined
  }
}

/** Ends the further messages of a reply; the value may be no reply at all. */
const endOf = (reply: Reply): void => {
  try {
    reply.following?.end()
  } catch {
    // Ignored: the client has got its answer.
  }
}

/**
 * Extended rcode 16 in an OPT of version 0 and size 0, the question echoed (RFC 6891, 6.1.3).
 */
const badVersionReply = (query: Query): Uint8Array =>
  answer(query, { rcode: RCODE_BADVERS, opt: { udpSize: 0 } }).bytes

/** The parsed parts of a usual query, as views of the message's own memory. */
const usual = (bytes: Uint8Array, read: FastQuery): Said => ({
  question: new Question(bytes, HEADER_SIZE, read.name.length, read.qtype, CLASS_IN),
  edns: read.hasEdns ? ednsAt(bytes, read.questionEnd) : undefined,
  read,
})
