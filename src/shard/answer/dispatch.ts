// One message from a socket to its answer on the slow path: header gate, question, routing, chain,
// finished reply. What the fast path has read and routed is taken over. Every failure ends here: no
// exception leaves, and every message gets exactly one respond().

import type { Clock } from '../../base/clock.ts'
import { passingBytes } from '../../base/collector.ts'
import type { CacheKey } from '../../cache/key.ts'
import { answer, errorReply } from '../../chain/answer.ts'
import { messageOf, rcodeOfError, ServerError } from '../../chain/errors.ts'
import { FastQuery } from '../../chain/fast-query.ts'
import { finishReply } from '../../chain/finish.ts'
import type { Handler } from '../../chain/handler.ts'
import { type Peer, Query, type QueryParts } from '../../chain/query.ts'
import type { Reply } from '../../chain/reply.ts'
import { isDatagram, type Transport } from '../../chain/transport.ts'
import type { Logger } from '../../log/logger.ts'
import type { BlackBox } from '../../memory/black-box.ts'
import { isRefused } from '../../memory/refused.ts'
import type { ShardCounts } from '../../metrics/shard-counts.ts'
import { type Connection, MAX_UDP_QUERY_BYTES, type Respond } from '../../net/engine.ts'
import type { WaitingRoom } from '../../net/waiting-room.ts'
import { areOptionsSound, ednsAt, readEdns } from '../../wire/edns.ts'
import { FLAG_CD, HEADER_SIZE } from '../../wire/header.ts'
import { readLayout } from '../../wire/layout.ts'
import { Question, readQuestion } from '../../wire/question.ts'
import {
  RCODE_BADVERS,
  RCODE_FORMERR,
  RCODE_NOTIMP,
  RCODE_REFUSED,
  RCODE_SERVFAIL,
} from '../../wire/rcodes.ts'
import { CLASS_IN } from '../../wire/rrtypes.ts'
import type { ServedListener } from '../generation.ts'
import { type Route, UNDECIDED } from '../router.ts'
import { type HeaderVerdict, headerReply, judgeHeader, LOOPING_PORTS } from './header-reply.ts'
import type { Leaving } from './leaving.ts'
import { readQuery } from './read.ts'

/**
 * Of a reply, until it is sent: as it was found or received, for this client, and in what is
 * written.
 */
const COPIES = 3

export interface DispatchParts {
  readonly clock: Clock
  /** Without a prefix. */
  readonly log: Logger
  readonly blackBox: BlackBox
  readonly waitingRoom: WaitingRoom
  /** Scratch for the hash of questions. */
  readonly key: CacheKey
  readonly counts: ShardCounts
  readonly regionWords: Int32Array
  readonly refusedOffset: number
}

/** What the fast path leaves of a query that it has read: `query` is borrowed. */
export interface Left {
  readonly query: FastQuery
  readonly route: Route | undefined
}

/** What a message says, once it has been read; `read`, by whom, if it is of the usual kind. */
type Said = Pick<QueryParts, 'question' | 'edns'> & { readonly read?: FastQuery }

/** Longer messages are not of the usual kind. */
const READING_BYTES = 1024

export class Dispatcher {
  readonly #parts: DispatchParts
  /** Messages that the fast path has not had are read here, in a copy whose words can be read. */
  readonly #reading: FastQuery

  constructor(parts: DispatchParts) {
    this.#parts = parts
    const reading = new FastQuery(parts.key)
    reading.bytes = new Uint8Array(READING_BYTES)
    reading.words = new Int32Array(reading.bytes.buffer)
    this.#reading = reading
  }

  /** Takes custody of `bytes`. `left` is of this very message. */
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
        read,
      })
      const found = left === undefined ? at.router.route(query) : left.route
      const route = found === UNDECIDED ? at.router.choose(query) : found
      this.#take(at, query, route, respond)
    } catch (error) {
      this.#parts.log.error(`dispatch: ${messageOf(error)}`)
      respond(undefined)
    }
  }

  /** What a message says that nobody has read yet; undefined: it has been responded to. */
  #read(
    at: ServedListener,
    bytes: Uint8Array,
    transport: Transport,
    client: Peer,
    respond: Respond,
  ): Said | undefined {
    const verdict = this.#judge(bytes, transport, client)
    if (verdict === 'drop') respond(undefined)
    else if (verdict !== 'take') respond(headerReply(bytes, verdict))
    else if (bytes.length === HEADER_SIZE) {
      const reply = headerReply(bytes, RCODE_SERVFAIL)
      at.countDropped(undefined, transport, client, bytes.length, reply.length, RCODE_SERVFAIL)
      respond(reply)
    } else {
      const said = this.#readMessage(bytes)
      if (said !== undefined) return said
      this.#parts.counts.rejected('malformed')
      respond(headerReply(bytes, RCODE_FORMERR, readQuestion(bytes)))
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

  #take(at: ServedListener, query: Query, route: Route | undefined, respond: Respond): void {
    const { clock, regionWords, refusedOffset } = this.#parts
    const { question, edns } = query
    const isOtherVersion = edns !== undefined && edns.version !== 0
    if (isOtherVersion && (route !== undefined || question.class === CLASS_IN)) {
      respond(badVersionReply(query))
      return
    }
    const questionHash = this.#hashOf(query)
    if (
      route?.handler === undefined ||
      isRefused(regionWords, refusedOffset, questionHash, clock.seconds())
    ) {
      this.#drop(at, query, respond)
      return
    }
    query.view = route.view
    query.reservedBytes = route.leaving?.reservedFor(query) ?? 0
    this.#serve(at, query, route.handler, route.leaving, questionHash, respond)
  }

  /**
   * What the black box and the list of refused questions know a question by: whatever its DO and
   * CD, so without them it is the hash of its key.
   */
  #hashOf(query: Query): number {
    const { key } = this.#parts
    if (!query.do && (query.flags & FLAG_CD) === 0) return query.hashLow(key)
    const { type, class: cls, folded } = query.question
    return key.set(type, cls, false, false, folded).hashLow
  }

  #serve(
    at: ServedListener,
    query: Query,
    handler: Handler,
    leaving: Leaving | undefined,
    questionHash: number,
    respond: Respond,
  ): void {
    const { blackBox } = this.#parts
    at.generation.enter()
    blackBox.note(questionHash, query.bytes, HEADER_SIZE, query.question.end)
    let reply: Reply | Promise<Reply>
    try {
      reply = handler(query)
    } catch (error) {
      reply = this.#failed(at, query, error)
    }
    blackBox.clear()
    if (reply instanceof Promise) {
      query.waits()
      reply.then(
        value => this.#send(at, query, value, leaving, respond),
        error => this.#send(at, query, this.#failed(at, query, error), leaving, respond),
      )
    } else this.#send(at, query, reply, leaving, respond)
  }

  #send(
    at: ServedListener,
    query: Query,
    reply: Reply,
    leaving: Leaving | undefined,
    respond: Respond,
  ): void {
    this.#parts.counts.worked()
    let bytes: Uint8Array | undefined
    try {
      bytes = finishReply(query, reply)
      if (leaving !== undefined && bytes !== undefined) bytes = leaving.pass(query, bytes)
    } catch (error) {
      bytes = finishReply(query, this.#failed(at, query, error))
    }
    respond(bytes)
    passingBytes(COPIES * reply.bytes.length)
    query.answered()
    at.generation.leave(query.receivedMs)
  }

  #drop(at: ServedListener, query: Query, respond: Respond): void {
    const { question, transport, client, bytes } = query
    const reply = errorReply(query, RCODE_REFUSED)
    at.countDropped(
      question,
      transport,
      client,
      bytes.length,
      reply.bytes.length,
      RCODE_REFUSED,
      query.do,
    )
    respond(finishReply(query, reply))
  }

  /**
   * An operating failure answers its rcode; anything else is a defect of a plugin: logged, counted
   * as a panic, SERVFAIL.
   */
  #failed(at: ServedListener, query: Query, error: unknown): Reply {
    if (!(error instanceof ServerError)) {
      const stack = at.generation.stacktrace && error instanceof Error ? ` ${error.stack}` : ''
      this.#parts.log.error(
        `Recovered from panic in server: "${at.ref.label}" ${messageOf(error)}${stack}`,
      )
      at.generation.countPanic()
    }
    return errorReply(query, rcodeOfError(error))
  }
}

/**
 * Extended rcode 16 in an OPT of version 0 and size 0, the question echoed (RFC 6891, 6.1.3).
 */
const badVersionReply = (query: Query): Uint8Array =>
  answer(query, { rcode: RCODE_BADVERS, opt: { udpSize: 0 } }).bytes

/** What has been read of a usual query, of the message in its own memory. */
const usual = (bytes: Uint8Array, read: FastQuery): Said => ({
  question: new Question(bytes, HEADER_SIZE, read.name.length, read.qtype, CLASS_IN),
  edns: read.hasEdns ? ednsAt(bytes, read.questionEnd) : undefined,
  read,
})
