// One connection of HTTP requests, of either version: which requests are being read, wait for their
// turn, are with the chain or on their way back; what that holds of the budget; and deadlines.
// h1.ts and h2.ts have the versions, a codec (exchange.ts) says what a request means. A request
// reaches the chain only when it is whole, and in a later phase of the event loop: one that its
// client takes back in the same read never does.

import type { Socket } from 'node:net'
import { type ConnectionFacts, connectionFacts } from '../../chain/query/transport.ts'
import { type Connection, type Receiver, underWayBytes } from '../engine.ts'
import type { ClientShare } from '../tcp/client-shares.ts'
import type { Opened, StreamConnection } from '../tcp/opened.ts'
import type { TcpRoom } from '../tcp/room.ts'
import { unitsOf } from '../tcp/turns.ts'
import { type HttpCodec, type HttpReply, isReply, NO_BYTES, type Rejection } from './exchange.ts'
import { type FloodEvent, FloodWatch } from './flood.ts'
import { type HttpRequest, REQUEST_BYTES } from './request.ts'
import { Watch } from './watch.ts'

const IN_FLIGHT_LIMIT = 128
/** Answers that wait to be sent: beyond this nothing more is taken. One of the longest fits. */
const UNSENT_LIMIT_BYTES = 64 * 1024
/** What a query of the usual length holds while it waits. */
const ORDINARY_BYTES = underWayBytes(64, 'https')
/** How long a connection that ends waits for its client's own end: more than a round trip. */
const LEAVING_MS = 250
/** And how long for its first request. */
const FIRST_REQUEST_MS = 1000

/** A version of HTTP: reads requests, writes answers. */
export interface Wire {
  /** What it holds of memory without requests, as measured: in addition to its socket. */
  readonly ownBytes: number
  /** Sends the answer; `HttpConnection.gone` follows once it has left. */
  reply(request: HttpRequest, reply: HttpReply): void
  /** Ends a request without its answer: there is no room for it, or it was not whole in time. */
  refuse(request: HttpRequest, why: 'busy' | 'late'): void
  /** Takes no more requests; closes once those that it has are answered. */
  end(): void
  /** Its client sends nothing more. */
  clientEnded(): void
  /** Closes at once; of a flood the client is told if the version has words for it. */
  destroy(why?: 'flood'): void
}

const watch = new Watch()

export class HttpConnection implements StreamConnection, Connection {
  readonly client: ClientShare
  readonly facts: ConnectionFacts
  readonly codec: HttpCodec
  readonly closed: Promise<void>
  progressMs: number
  heldBytes = 0
  readonly #opened: Opened
  readonly #receiver: Receiver
  readonly #room: TcpRoom
  readonly #flood: FloodWatch
  #wire: Wire | undefined
  #seenBytes = 0
  /** In the order in which they began. */
  readonly #reading = new Set<HttpRequest>()
  readonly #waiting = new Set<HttpRequest>()
  #inFlight = 0
  /** In the order in which they were answered. */
  readonly #sent = new Set<HttpRequest>()
  #unsentBytes = 0
  /** Held by all requests. */
  #requestBytes = 0
  #taken = 0
  /** It takes no more requests. */
  #isEnding = false
  /** It ends when what has come is answered. */
  #isLeaving = false
  /** It is being closed: nothing more is done for it. */
  #isCut = false
  #comesRound: NodeJS.Immediate | undefined
  #ringsMs = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  constructor(opened: Opened, receiver: Receiver, room: TcpRoom, codec: HttpCodec) {
    const { acceptedMs, client, facts, socket } = opened
    this.#opened = opened
    this.#receiver = receiver
    this.#room = room
    this.codec = codec
    this.client = client
    this.facts = connectionFacts({ ...facts, path: codec.path })
    this.progressMs = acceptedMs
    this.#flood = new FloodWatch(acceptedMs)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    socket.setNoDelay(true)
    // A reset is the client's way to leave; 'close' follows.
    socket.on('error', () => {})
    socket.on('end', () => {
      if (this.#wire === undefined) socket.destroy()
      else this.#wire.clientEnded()
    })
    socket.on('close', () => {
      this.#close()
      resolve()
    })
    watch.add(this)
    this.#settle()
  }

  get socket(): Socket {
    return this.#opened.socket
  }
  get nowMs(): number {
    return this.#room.clock.ms()
  }
  get maxStreams(): number {
    return this.#receiver.serving.limits.maxStreams || this.codec.mostStreams
  }
  /** Requests whose answers have not left. */
  get openRequests(): number {
    return this.#reading.size + this.#waiting.size + this.#inFlight + this.#sent.size
  }
  /** No request that has not begun is answered any more. */
  get isLast(): boolean {
    return this.#isEnding || this.#isLeaving
  }

  /** From here on `wire` reads. */
  use(wire: Wire): void {
    this.#wire = wire
    if (this.#isEnding) wire.end()
    this.#settle()
  }

  end(): void {
    this.#isLeaving = true
    this.progressMs = this.nowMs
    this.#leaveIfDone()
    this.#settle()
  }

  cut(): void {
    this.#destroy()
  }

  /** Closes for a client that costs without asking. */
  flooded(): void {
    if (this.#isCut || this.socket.destroyed) return
    this.#room.counts.cut('flood')
    this.#destroy('flood')
  }

  #destroy(why?: 'flood'): void {
    this.#isCut = true
    if (this.#wire === undefined) this.socket.destroy()
    else this.#wire.destroy(why)
  }

  get isIdle(): boolean {
    return this.#inFlight === 0 && this.#waiting.size === 0
  }
  get isStuck(): boolean {
    return this.#sent.size > 0 || (this.isIdle && this.#reading.size > 0)
  }
  get wantsTurn(): boolean {
    return this.#waiting.size > 0 && this.#canTake() && this.mayGoOn
  }
  get mayGoOn(): boolean {
    return this.#room.mayHoldMore(this, ORDINARY_BYTES)
  }

  retry(): void {
    if (this.#waiting.size > 0) this.#room.turns.enter(this)
  }

  takeTurn(units: number): number {
    let done = 0
    while (done < units && this.#canTake()) {
      const [request] = this.#waiting
      if (request === undefined) break
      if (!this.mayGoOn) {
        this.#room.stall(this)
        break
      }
      this.#waiting.delete(request)
      done += this.#hand(request)
    }
    if (done > 0) this.#progress()
    this.#leaveIfDone()
    this.#settle()
    return done
  }

  #canTake(): boolean {
    return (
      !this.#isCut && this.#inFlight < IN_FLIGHT_LIMIT && this.#unsentBytes < UNSENT_LIMIT_BYTES
    )
  }

  /**
   * The head of a request has come; the body will have so many bytes, if the head says. False: it
   * has been refused.
   */
  began(request: HttpRequest, bodyBytes = 0): boolean {
    if (!this.#mayHoldMore(REQUEST_BYTES)) {
      this.#refuse(request, 'busy')
      return false
    }
    this.#hold(request, 0)
    this.#reading.add(request)
    const begun = this.codec.begin(request.head)
    if (isReply(begun)) request.early = begun
    else request.hasBody = begun.hasBody
    if (request.hasBody && bodyBytes > this.codec.mostBodyBytes) this.#tooLong(request)
    else this.#settle()
    return true
  }

  /** `chunk` is lent. */
  body(request: HttpRequest, chunk: Uint8Array): void {
    if (request.state !== 'read' || !request.hasBody) return
    const { mostBodyBytes } = this.codec
    if (request.bodyBytes + chunk.length > mostBodyBytes) {
      this.#tooLong(request)
      return
    }
    const growth = request.growth(chunk.length, mostBodyBytes)
    if (growth > 0 && !this.#mayHoldMore(growth)) this.#refuse(request, 'busy')
    else {
      request.add(chunk, mostBodyBytes)
      this.#hold(request, request.memoryBytes)
      this.#settle()
    }
  }

  #mayHoldMore(bytes: number): boolean {
    if (this.#room.mayHoldMore(this, bytes)) return true
    this.#room.counts.stalled()
    return false
  }

  #tooLong(request: HttpRequest): void {
    request.early = this.codec.tooLong
    this.whole(request)
  }

  /** All of it that is wanted has come. */
  whole(request: HttpRequest): void {
    if (request.state !== 'read') return
    request.state = 'waits'
    this.#reading.delete(request)
    this.#waiting.add(request)
    this.#seenBytes = this.socket.bytesRead
    this.#flood.asked(this.#seenBytes, this.nowMs)
    this.#comesRound ??= setImmediate(() => {
      this.#comesRound = undefined
      this.#room.turns.enter(this)
    })
    this.#settle()
  }

  /** Its answer has left; or its client has taken it back, or has gone. */
  gone(request: HttpRequest): void {
    const { state } = request
    if (state === 'over' || request.isGone) return
    if (state === 'sent') this.#progress()
    else if (this.#flood.met('abort', this.nowMs)) this.flooded()
    if (state === 'asked') request.isGone = true
    else this.#over(request)
    if (this.wantsTurn) this.#room.turns.enter(this)
    this.#leaveIfDone()
    this.#settle()
  }

  /** Something came that asks nothing. */
  met(event: FloodEvent): void {
    if (this.#flood.met(event, this.nowMs)) this.flooded()
  }

  look(): boolean {
    const { bytesRead } = this.socket
    const hasMoved = bytesRead !== this.#seenBytes
    this.#seenBytes = bytesRead
    if (hasMoved && this.#flood.read(bytesRead, this.nowMs)) this.flooded()
    return hasMoved
  }

  /** Hands the request to the chain; returns the units of work that it cost. */
  #hand(request: HttpRequest): number {
    this.#taken++
    this.#inFlight++
    request.state = 'asked'
    const message = request.early ?? this.codec.message(request.head, request.takeBody())
    if (isReply(message)) {
      this.#answer(request, message)
      return 1
    }
    const { remote, local } = this.#opened
    const { transport, keepsQuery } = this.codec
    const units = unitsOf(message.length)
    this.#hold(request, underWayBytes(message.length, transport))
    const kept = keepsQuery ? message.slice() : NO_BYTES
    const respond = (reply: Uint8Array | undefined, why?: Rejection): void =>
      this.#answer(request, this.codec.answer(reply, why, kept))
    this.#receiver.receive(message, transport, remote, local, respond, undefined, this)
    return units
  }

  #answer(request: HttpRequest, reply: HttpReply): void {
    this.#inFlight--
    this.#receiver.httpAnswered?.(reply.status)
    if (request.isGone || this.socket.destroyed) this.#over(request)
    else this.#reply(request, reply)
    if (this.wantsTurn) this.#room.turns.enter(this)
    this.#leaveIfDone()
    this.#settle()
  }

  #reply(request: HttpRequest, reply: HttpReply): void {
    const { length } = reply.body
    request.state = 'sent'
    request.sinceMs = this.nowMs
    request.unsentBytes = length
    this.#unsentBytes += length
    this.#hold(request, length)
    this.#sent.add(request)
    this.#wire?.reply(request, reply)
  }

  #refuse(request: HttpRequest, why: 'busy' | 'late'): void {
    this.#over(request)
    this.#wire?.refuse(request, why)
    this.#settle()
  }

  /** The request holds so many bytes beside its objects. */
  #hold(request: HttpRequest, bytes: number): void {
    this.#requestBytes += REQUEST_BYTES + bytes - request.heldBytes
    request.heldBytes = REQUEST_BYTES + bytes
  }

  #over(request: HttpRequest): void {
    this.#reading.delete(request)
    this.#waiting.delete(request)
    if (this.#sent.delete(request)) this.#unsentBytes -= request.unsentBytes
    request.state = 'over'
    this.#requestBytes -= request.heldBytes
    request.heldBytes = 0
  }

  #progress(): void {
    this.progressMs = this.nowMs
    this.#room.progressed(this)
  }

  #leaveIfDone(): void {
    if (this.#isLeaving && this.#taken > 0 && this.openRequests === 0) this.finish()
  }

  /** Takes nothing more; closes once all that has come is answered. */
  finish(): void {
    if (this.#isEnding || this.socket.destroyed) return
    this.#isEnding = true
    this.progressMs = this.nowMs
    if (this.#wire === undefined) this.socket.destroy()
    else this.#wire.end()
  }

  /** After any change: charges what is held now, and moves the deadline. */
  #settle(): void {
    const own = this.#opened.fixedBytes + (this.#wire?.ownBytes ?? 0)
    const held = (this.socket.destroyed ? 0 : own) + this.#requestBytes
    if (held !== this.heldBytes) {
      this.#room.hold(this, held - this.heldBytes)
      this.heldBytes = held
    }
    if (this.socket.destroyed) return
    this.#room.noteIdle(this)
    if (this.#dueMs < this.#ringsMs) this.#setTimer()
  }

  /**
   * Clock.ms() of what is due first: a request that is whole, an answer that is read, or the next
   * request.
   */
  get #dueMs(): number {
    const { readMs, writeMs } = this.#receiver.tcpLimits
    const [reading] = this.#reading
    const [sent] = this.#sent
    const readDue = reading === undefined ? Number.POSITIVE_INFINITY : reading.sinceMs + readMs
    const sentDue = sent === undefined ? Number.POSITIVE_INFINITY : sent.sinceMs + writeMs
    const idleDue = this.openRequests === 0 ? this.progressMs + this.#idleMs : readDue
    return Math.min(readDue, sentDue, idleDue)
  }

  get #idleMs(): number {
    const { readMs, idleMs } = this.#receiver.tcpLimits
    if (this.#isEnding) return LEAVING_MS
    if (this.#isLeaving) return this.#taken > 0 ? LEAVING_MS : Math.min(FIRST_REQUEST_MS, readMs)
    if (this.#taken === 0) return readMs
    return this.codec.closesIdle ? idleMs : Number.POSITIVE_INFINITY
  }

  #setTimer(): void {
    clearTimeout(this.#timer)
    this.#ringsMs = this.#dueMs
    this.#timer = setTimeout(() => this.#ring(), Math.max(0, this.#ringsMs - this.nowMs))
  }

  #ring(): void {
    this.#ringsMs = Number.POSITIVE_INFINITY
    const { readMs, writeMs } = this.#receiver.tcpLimits
    const { nowMs } = this
    for (const request of this.#reading) {
      if (request.sinceMs + readMs > nowMs) break
      if (this.#flood.met('abort', nowMs)) this.flooded()
      else this.#refuse(request, 'late')
    }
    const [sent] = this.#sent
    if (sent !== undefined && sent.sinceMs + writeMs <= nowMs) this.#destroy()
    else if (this.openRequests === 0 && this.progressMs + this.#idleMs <= nowMs) {
      if (this.#isEnding) this.#destroy()
      else this.finish()
    }
    this.#settle()
  }

  #close(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#comesRound)
    this.#isCut = true
    watch.remove(this)
    for (const request of [...this.#reading, ...this.#waiting, ...this.#sent]) this.#over(request)
    this.#room.leave(this)
    this.#room.clients.leave(this.client)
    this.#settle()
  }
}
