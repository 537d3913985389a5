// One connection of framed messages, over TCP or TLS: two-byte lengths, pipelined queries answered
// in the order in which their answers come (RFC 7766), and deadlines. The memory that it holds
// (unfinished messages, queries in flight, unsent answers) is charged to the budget in room.ts. It
// reads only while there is room, and no more in one turn of the event loop than its share. The
// receiver interprets the messages.

import type { Socket } from 'node:net'
import { type ConnectionFacts, type Transport, transportOf } from '../../chain/query/transport.ts'
import { FrameReader, putFrame } from '../../wire/frames.ts'
import { type Connection, type Receiver, underWayBytes } from '../engine.ts'
import type { ClientShare } from './client-shares.ts'
import type { Opened, StreamConnection } from './opened.ts'
import type { TcpRoom } from './room.ts'
import { LEAST_BYTES } from './send-buffers.ts'
import { unitsOf } from './turns.ts'

const IN_FLIGHT_LIMIT = 128
/** Answers that wait to be sent: beyond this nothing more is taken. One of the longest fits. */
const UNSENT_LIMIT_BYTES = 64 * 1024
const PREFIX_BYTES = 2
/** What a query of the usual length holds while it waits. */
const ORDINARY_BYTES = underWayBytes(64, 'tcp')
/** How long a connection that ends waits for its client's own end: more than a round trip. */
const LEAVING_MS = 250
/**
 * And how long for its first message: a client that has just been accepted has begun to ask, and
 * may be slow.
 */
const FIRST_MESSAGE_MS = 1000
/** Memory of one write in Node, in addition to its bytes. */
const WRITE_BYTES = 512

export class TcpConnection implements StreamConnection, Connection {
  readonly client: ClientShare
  readonly facts: ConnectionFacts | undefined
  progressMs: number
  heldBytes = 0
  readonly #room: TcpRoom
  readonly #socket: Socket
  readonly #receiver: Receiver
  readonly #opened: Opened
  readonly #transport: Transport
  readonly #frames = new FrameReader()
  /** Resolves once the connection is gone. */
  readonly closed: Promise<void>
  #inFlight = 0
  #inFlightBytes = 0
  #taken = 0
  /** Answers of this turn, which leave in one write, and their bytes with the lengths in front. */
  #answers: Uint8Array[] = []
  #answerBytes = 0
  /** Writes that the system has not taken yet, and the buffers that long ones lie in. */
  #writes = 0
  #bufferBytes = 0
  /** Ends with the last of the streams that were begun: they are sent one after the other. */
  #streams: Promise<void> | undefined
  /** Tells the current stream that there may be room again, or that the connection has gone. */
  #wake: (() => void) | undefined
  /** Nothing more is taken. */
  #isEnding = false
  /** It ends when what has come is answered. */
  #isLeaving = false
  #isInTurn = false
  /** Clock.ms() at which it is cut. The timer may ring before: then it is set again. */
  #deadlineMs = 0
  #ringsMs = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  constructor(opened: Opened, receiver: Receiver, room: TcpRoom) {
    this.#receiver = receiver
    this.#room = room
    this.#opened = opened
    this.#transport = transportOf(opened.scheme)
    this.facts = opened.facts
    this.client = opened.client
    this.progressMs = opened.acceptedMs
    this.#socket = opened.socket
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    this.#socket.setNoDelay(true)
    this.#socket.on('end', () => this.#finish())
    // A reset is the client's way to leave; 'close' follows.
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.#close()
      resolve()
    })
    opened.onBytes(chunk => this.#arrived(chunk))
    this.#settle()
  }

  /**
   * Answers what has come, on a new connection also its first message if that comes soon: a client
   * that has just been accepted has not asked in vain. Then closes, without waiting long for the
   * client to close too.
   */
  end(): void {
    this.#isLeaving = true
    this.progressMs = this.#room.clock.ms()
    this.#leaveIfDone()
    this.#arm()
  }

  cut(): void {
    this.#socket.destroy()
  }

  get isIdle(): boolean {
    return this.#inFlight === 0 && !this.wantsTurn
  }
  get isStuck(): boolean {
    return this.#unsentBytes > 0 || (this.#inFlight === 0 && !this.#frames.isIdle)
  }
  get wantsTurn(): boolean {
    return this.#frames.hasWhole && this.#canTake() && this.#mayTakeMore()
  }

  retry(): void {
    if (this.#frames.hasWhole) this.#room.turns.enter(this)
    this.#settle()
    this.#wake?.()
  }

  takeTurn(units: number): number {
    const done = this.#mayTakeMore() ? this.#takeUpTo(units) : 0
    if (done > 0) this.#progress()
    this.#send()
    if (this.#isEnding) this.#finish()
    else this.#leaveIfDone()
    this.#settle()
    return done
  }

  #takeUpTo(units: number): number {
    let done = 0
    this.#isInTurn = true
    while (done < units && this.#canTake()) {
      const message = this.#frames.next()
      if (message === undefined) break
      done += unitsOf(message.length)
      const before = this.#inFlightBytes
      this.#hand(message)
      // It waits for somebody: the next one may be over what this client may hold.
      if (this.#inFlightBytes > before && !this.#mayTakeMore()) break
    }
    this.#isInTurn = false
    return done
  }

  /** Whether there is room for one more ordinary query that has to wait. */
  #mayTakeMore(): boolean {
    this.#charge()
    return this.#room.mayHoldMore(this, ORDINARY_BYTES)
  }

  get #unsentBytes(): number {
    return this.#socket.writableLength + this.#answerBytes
  }

  #canTake(): boolean {
    return (
      !this.#isEnding && this.#inFlight < IN_FLIGHT_LIMIT && this.#unsentBytes < UNSENT_LIMIT_BYTES
    )
  }

  /** `chunk` is lent. Returns whether to go on reading. */
  #arrived(chunk: Uint8Array): boolean {
    if (this.#isEnding) return true
    this.#frames.push(chunk)
    if (this.#frames.hasWhole) this.#room.turns.enter(this)
    this.#frames.keep()
    return this.#settle()
  }

  #hand(message: Uint8Array): void {
    if (message.length === 0) {
      // No DNS message is empty. A client that sends such frames without end costs no more than
      // this.
      this.#room.counts.cut('frames')
      this.#finish()
      return
    }
    const { remote, local } = this.#opened
    const bytes = underWayBytes(message.length, this.#transport)
    this.#inFlight++
    this.#inFlightBytes += bytes
    this.#taken++
    const respond = (reply: Uint8Array | undefined): void => this.#respond(reply, bytes)
    this.#receiver.receive(message, this.#transport, remote, local, respond, undefined, this)
    const { maxQueries } = this.#receiver.tcpLimits
    if (maxQueries > 0 && this.#taken >= maxQueries) this.#finish()
  }

  #respond(reply: Uint8Array | undefined, bytes: number): void {
    this.#inFlight--
    this.#inFlightBytes -= bytes
    if (this.#socket.destroyed) {
      this.#charge()
      return
    }
    this.#put(reply)
  }

  async stream(first: Uint8Array, rest: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.#socket.destroyed) return
    this.#put(first)
    const before = this.#streams
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#streams = promise
    try {
      await before
      if (!(await this.#hasRoomToSend())) return
      for await (const message of rest) {
        if (this.#socket.destroyed) return
        this.#put(message)
        if (!(await this.#hasRoomToSend())) return
      }
    } catch (error) {
      this.cut()
      throw error
    } finally {
      resolve()
    }
  }

  /** Waits until one more message may be asked for; false once the client has left. */
  async #hasRoomToSend(): Promise<boolean> {
    while (!this.#socket.destroyed) {
      const mayHold = this.#room.mayHoldMore(this)
      if (mayHold && this.#unsentBytes < UNSENT_LIMIT_BYTES) return true
      if (!mayHold) this.#room.stall(this)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    return false
  }

  #put(reply: Uint8Array | undefined): void {
    if (reply !== undefined) {
      this.#answers.push(reply)
      this.#answerBytes += PREFIX_BYTES + reply.length
    }
    if (this.#isInTurn) return
    this.#send()
    if (this.#isEnding) this.#finish()
    else if (this.wantsTurn) this.#room.turns.enter(this)
    this.#settle()
  }

  /** Writes the answers that have gathered, in one piece. */
  #send(): void {
    if (this.#answerBytes === 0 || this.#socket.destroyed) return
    if (this.#socket.writableLength > 0 && !this.#room.mayHoldMore(this)) {
      // It does not read what it has been sent, and there is no room to keep more for it.
      this.#room.counts.cut('budget')
      this.cut()
      return
    }
    if (this.#writes === 0) this.progressMs = this.#room.clock.ms()
    this.#writes++
    if (this.#answerBytes < LEAST_BYTES)
      this.#socket.write(this.#frameAnswers(new Uint8Array(this.#answerBytes)), this.#written)
    else this.#sendLong()
  }

  #sendLong(): void {
    const { sendBuffers } = this.#room
    const buffer = sendBuffers.take(this.#answerBytes)
    this.#bufferBytes += buffer.length
    this.#socket.write(this.#frameAnswers(buffer), () => {
      this.#bufferBytes -= buffer.length
      sendBuffers.give(buffer)
      this.#written()
    })
  }

  /** Moves the answers that have gathered into `buffer`; returns what they take of it. */
  #frameAnswers(buffer: Uint8Array): Uint8Array {
    let at = 0
    for (const answer of this.#answers) at = putFrame(buffer, at, answer)
    this.#answers = []
    this.#answerBytes = 0
    return buffer.subarray(0, at)
  }

  readonly #written = (): void => {
    this.#writes--
    this.#progress()
    this.#wake?.()
    if (this.#socket.destroyed) return
    if (this.wantsTurn) this.#room.turns.enter(this)
    this.#settle()
  }

  #progress(): void {
    this.progressMs = this.#room.clock.ms()
    this.#room.progressed(this)
  }

  #leaveIfDone(): void {
    if (this.#isLeaving && this.#taken > 0 && !this.#frames.hasWhole) this.#finish()
  }

  #finish(): void {
    this.#isEnding = true
    if (this.#inFlight === 0 && !this.#isInTurn) this.#socket.end()
  }

  /**
   * After any change: charges what is held now, moves the deadline, and reads on or not. Returns
   * which.
   */
  #settle(): boolean {
    this.#charge()
    if (this.#socket.destroyed) return false
    this.#room.noteIdle(this)
    this.#arm()
    const mayTake = this.#canTake() && this.#hasRoom()
    const mayRead = this.#isEnding || (mayTake && !this.#frames.hasWhole)
    if (mayRead !== this.#socket.isPaused()) return mayRead
    if (mayRead) this.#socket.resume()
    else this.#socket.pause()
    return mayRead
  }

  /** There is room for what comes next: a message that is there, or a read. */
  get mayGoOn(): boolean {
    return this.#room.mayHoldMore(this, this.#frames.hasWhole ? ORDINARY_BYTES : 0)
  }

  #hasRoom(): boolean {
    if (this.mayGoOn) return true
    this.#room.stall(this)
    return false
  }

  #charge(): void {
    const unsent =
      Math.max(this.#socket.writableLength, this.#bufferBytes) +
      this.#answerBytes +
      this.#writes * WRITE_BYTES
    const unread = this.#frames.heldBytes + unsent
    const held =
      (this.#socket.destroyed ? 0 : this.#opened.fixedBytes + unread) + this.#inFlightBytes
    if (held === this.heldBytes) return
    this.#room.hold(this, held - this.heldBytes)
    this.heldBytes = held
  }

  #close(): void {
    clearTimeout(this.#timer)
    this.#room.leave(this)
    this.#room.clients.leave(this.client)
    this.#charge()
    this.#wake?.()
  }

  /**
   * The deadline of what is awaited now: a whole message (bytes that trickle in do not move it), or
   * that the client reads its answers.
   */
  #arm(): void {
    const { readMs, idleMs, writeMs } = this.#receiver.tcpLimits
    const firstMs = this.#isLeaving ? Math.min(FIRST_MESSAGE_MS, readMs) : readMs
    const nextMs = this.#isLeaving ? LEAVING_MS : idleMs
    const unaskedMs = this.#taken === 0 ? firstMs : nextMs
    this.#deadlineMs = this.progressMs + (this.#socket.writableLength > 0 ? writeMs : unaskedMs)
    if (this.#deadlineMs < this.#ringsMs) this.#setTimer()
  }

  #setTimer(): void {
    clearTimeout(this.#timer)
    this.#ringsMs = this.#deadlineMs
    this.#timer = setTimeout(
      () => this.#ring(),
      Math.max(0, this.#deadlineMs - this.#room.clock.ms()),
    )
  }

  #ring(): void {
    this.#ringsMs = Number.POSITIVE_INFINITY
    if (this.#room.clock.ms() < this.#deadlineMs) {
      this.#setTimer()
      return
    }
    // An answer in flight has its own deadline upstream; only a client that keeps us waiting is cut
    // off.
    if (this.#inFlight > 0 && this.#socket.writableLength === 0) {
      this.progressMs = this.#room.clock.ms()
      this.#arm()
    } else this.cut()
  }
}
