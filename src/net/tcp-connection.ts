// One TCP connection: two-byte length framing, pipelined queries answered in the order in which their answers come (RFC 7766), deadlines per
// message, and caps on what is under way and unsent. What the messages say is the receiver's business.

import type { Socket } from 'node:net'
import type { Peer } from '../core/query.ts'
import { peerOf, type Receiver } from './engine.ts'

const IN_FLIGHT_LIMIT = 128
const UNSENT_LIMIT_BYTES = 256 * 1024
const PREFIX_BYTES = 2
/** For the first message of a connection that ends, and for the client's own end: more than a round trip. */
const LEAVING_MS = 250

export class TcpConnection {
  readonly #socket: Socket
  readonly #receiver: Receiver
  readonly #client: Peer
  readonly #local: Peer
  /** What was read and not yet taken: less than one message after each #take, unless reading is paused. */
  #pending: Buffer = Buffer.alloc(0)
  #inFlight = 0
  #taken = 0
  /** Nothing more is taken. */
  #isEnding = false
  /** It ends when what has come is answered. */
  #isLeaving = false
  #isTaking = false
  #deadline: NodeJS.Timeout | undefined

  constructor(socket: Socket, receiver: Receiver) {
    this.#socket = socket
    this.#receiver = receiver
    this.#client = peerOf(socket.remoteAddress ?? '', socket.remotePort ?? 0)
    this.#local = peerOf(socket.localAddress ?? '', socket.localPort ?? 0)
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
      this.#take()
    })
    socket.on('end', () => this.#finish())
    socket.on('drain', () => {
      this.#arm()
      this.#take()
    })
    // A reset is the client's way to leave; 'close' follows.
    socket.on('error', () => {})
    socket.on('close', () => clearTimeout(this.#deadline))
    this.#arm()
  }

  /**
   * Answers what has come, on a new connection also its first message if that comes soon: a client that has just been accepted has not asked in
   * vain. Then closes, without waiting long for the client to close too.
   */
  end(): void {
    this.#isLeaving = true
    this.#leaveIfDone()
    this.#arm()
  }

  #leaveIfDone(): void {
    if (this.#isLeaving && this.#taken > 0 && !this.#hasWhole()) this.#finish()
  }

  #hasWhole(): boolean {
    const { length } = this.#pending
    return length >= PREFIX_BYTES && length >= PREFIX_BYTES + this.#pending.readUInt16BE(0)
  }

  /** Hands over the whole messages that have come, as far as the caps allow. Answers that come at once leave in one write. */
  #take(): void {
    if (this.#isTaking) return
    this.#isTaking = true
    this.#socket.cork()
    while (this.#canTake() && this.#takeOne()) {
      // Until nothing whole is left.
    }
    this.#socket.uncork()
    this.#isTaking = false
    this.#leaveIfDone()
    if (!this.#canTake() && !this.#isEnding) this.#socket.pause()
    else if (this.#socket.isPaused()) this.#socket.resume()
  }

  #canTake(): boolean {
    return !this.#isEnding && this.#inFlight < IN_FLIGHT_LIMIT && this.#socket.writableLength < UNSENT_LIMIT_BYTES
  }

  #takeOne(): boolean {
    if (!this.#hasWhole()) return false
    const end = PREFIX_BYTES + this.#pending.readUInt16BE(0)
    // A copy: the message outlives the chunk that it came in. And no Buffer, whose `slice` would hand out this very memory.
    const bytes = new Uint8Array(end - PREFIX_BYTES)
    bytes.set(this.#pending.subarray(PREFIX_BYTES, end))
    this.#pending = this.#pending.subarray(end)
    this.#inFlight++
    this.#taken++
    this.#arm()
    this.#receiver.receive(bytes, 'tcp', this.#client, this.#local, reply => this.#respond(reply))
    const { maxQueries } = this.#receiver.tcpLimits
    if (maxQueries > 0 && this.#taken >= maxQueries) this.#finish()
    return true
  }

  #respond(reply: Uint8Array | undefined): void {
    this.#inFlight--
    if (this.#socket.destroyed) return
    if (reply !== undefined) {
      const frame = Buffer.allocUnsafe(PREFIX_BYTES + reply.length)
      frame.writeUInt16BE(reply.length)
      frame.set(reply, PREFIX_BYTES)
      this.#socket.write(frame)
    }
    this.#arm()
    if (this.#isEnding) this.#finish()
    else if (this.#pending.length > 0 || this.#socket.isPaused()) this.#take()
  }

  #finish(): void {
    this.#isEnding = true
    if (this.#inFlight === 0) this.#socket.end()
  }

  /** The deadline of what is awaited now: a whole message (bytes that trickle in do not move it), or that the client reads its answers. */
  #arm(): void {
    const { readMs, idleMs, writeMs } = this.#receiver.tcpLimits
    const unaskedMs = this.#isLeaving ? LEAVING_MS : this.#taken === 0 ? readMs : idleMs
    const waitMs = this.#socket.writableLength > 0 ? writeMs : unaskedMs
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => this.#expire(), waitMs)
  }

  #expire(): void {
    // An answer under way has its own deadline upstream; only a client that keeps us waiting is cut off.
    if (this.#inFlight > 0 && this.#socket.writableLength === 0) this.#arm()
    else this.#socket.destroy()
  }
}
