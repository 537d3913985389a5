// A connection to a listener with TLS until its handshake is done. It waits for a whole first
// record before anything is made for it, and then for its turn at the gate. What comes of it is
// served in its place.

import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { messageOf } from '../../chain/errors.ts'
import { connectionFacts } from '../../chain/query/transport.ts'
import type { HandshakeOutcome } from '../../metrics/shard-counts.ts'
import { type Receiver, TLS_CONNECTION_BYTES } from '../engine.ts'
import type { ClientShare } from '../tcp/client-shares.ts'
import type { Kind, Opened, StreamConnection } from '../tcp/opened.ts'
import type { TcpRoom } from '../tcp/room.ts'
import type { Acceptor, HandshakeFailure } from '../tls/acceptor.ts'
import type { Handshake, HandshakeGate } from '../tls/gate.ts'
import { recordLength } from './first-bytes.ts'

const FIRST_BUFFER_BYTES = 512

export interface SecureParts {
  readonly receiver: Receiver
  readonly room: TcpRoom
  /** Of the shard. */
  readonly gate: HandshakeGate
  /** That of now: certificates may be renewed while a connection waits. */
  readonly acceptor: () => Acceptor
  readonly kind: Kind
  /** Called with what is served in its place. */
  readonly became: (opening: StreamConnection, connection: StreamConnection) => void
  /** Called once, unless the client has left before it asked for anything. */
  readonly ended: (outcome: HandshakeOutcome, address: string, why: string) => void
}

export class SecureOpening implements StreamConnection {
  readonly client: ClientShare
  readonly closed: Promise<void>
  heldBytes = 0
  progressMs: number
  readonly wantsTurn = false
  readonly #opened: Opened
  readonly #parts: SecureParts
  readonly #socket: Socket
  readonly #handshake: Handshake
  readonly #timer: NodeJS.Timeout
  readonly #resolve: () => void
  /** The first bytes, until the handshake begins. */
  #buffer = new Uint8Array(0)
  #length = 0
  #isAsking = false
  #isRunning = false
  /** How it ended has been told, or need not be. */
  #isOver = false
  #next: StreamConnection | undefined

  constructor(opened: Opened, parts: SecureParts) {
    const { room, receiver } = parts
    this.#opened = opened
    this.#parts = parts
    this.#socket = opened.socket
    this.client = opened.client
    this.progressMs = opened.acceptedMs
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    this.#resolve = resolve
    this.#handshake = {
      client: opened.client.key,
      begin: () => this.#begin(),
      refuse: () => {
        room.counts.cut('room')
        this.#give('error', 'others wait for their handshakes')
      },
    }
    this.#timer = setTimeout(
      () => this.#give('timeout', 'it takes too long'),
      Math.max(0, opened.acceptedMs + receiver.tcpLimits.readMs - room.clock.ms()),
    )
    this.#socket.on('error', () => {})
    this.#socket.on('end', () => this.#left())
    this.#socket.on('close', () => this.#gone())
    opened.onBytes(chunk => this.#arrived(chunk))
    this.#charge(opened.fixedBytes)
    this.#socket.resume()
  }

  get isIdle(): boolean {
    return !this.#isRunning
  }
  get isStuck(): boolean {
    return !this.#isAsking || this.#isRunning
  }
  get mayGoOn(): boolean {
    const more = TLS_CONNECTION_BYTES - this.#opened.fixedBytes
    return this.#parts.room.mayHoldMore(this, more)
  }

  /** There may be room for its handshake now. */
  retry(): void {
    if (this.#isAsking && !this.#isRunning) this.#parts.gate.ask(this.#handshake)
  }

  takeTurn(): number {
    return 0
  }

  /** Who has not come as far as to ask is not waited for. */
  end(): void {
    if (this.#next === undefined) this.cut()
    else this.#next.end()
  }

  cut(): void {
    if (this.#next !== undefined) this.#next.cut()
    else this.#close()
  }

  #close(): void {
    this.#isOver = true
    this.#socket.destroy()
  }

  #left(): void {
    if (this.#isRunning) return
    this.#close()
  }

  #give(outcome: HandshakeFailure, why: string): void {
    if (this.#isOver) return
    this.#close()
    this.#parts.ended(outcome, this.#opened.remote.address, why)
  }

  /** `chunk` is lent. */
  #arrived(chunk: Uint8Array): boolean {
    if (this.#isOver || this.#isAsking) return false
    this.#keep(chunk)
    const bytes = this.#buffer.subarray(0, this.#length)
    const whole = recordLength(bytes)
    if (whole === 'not-tls') {
      this.#give('not_tls', 'what comes is no TLS')
      return false
    }
    this.#charge(this.#opened.fixedBytes + this.#buffer.length)
    if (whole === 'short' || this.#length < whole) return true
    this.#isAsking = true
    this.#socket.pause()
    this.#parts.gate.ask(this.#handshake)
    return false
  }

  #keep(chunk: Uint8Array): void {
    const length = this.#length + chunk.length
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#buffer.length, FIRST_BUFFER_BYTES))
      larger.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = larger
    }
    this.#buffer.set(chunk, this.#length)
    this.#length = length
  }

  #begin(): boolean {
    if (!this.mayGoOn) {
      this.#parts.room.stall(this)
      return false
    }
    this.#isRunning = true
    this.#parts.room.noteIdle(this)
    this.#charge(TLS_CONNECTION_BYTES)
    const first = this.#buffer.subarray(0, this.#length)
    this.#buffer = new Uint8Array(0)
    this.#socket.unshift(first)
    try {
      this.#parts.acceptor().begin(this.#socket, {
        secured: (socket, outcome) => this.#secured(socket, outcome),
        failed: (outcome, why) => this.#give(outcome, why),
      })
    } catch (error) {
      this.#give('error', messageOf(error))
    }
    return true
  }

  #secured(socket: TLSSocket, outcome: 'full' | 'resumed'): void {
    if (this.#isOver) {
      socket.destroy()
      return
    }
    this.#isOver = true
    const { room, gate, kind, receiver, became, ended } = this.#parts
    clearTimeout(this.#timer)
    gate.leave(this.#handshake)
    this.#charge(0)
    this.#next = kind.open(secureOpened(this.#opened, socket), receiver, room)
    room.replace(this, this.#next)
    void this.#next.closed.then(this.#resolve)
    became(this, this.#next)
    ended(outcome, this.#opened.remote.address, '')
  }

  /** The socket has closed. */
  #gone(): void {
    if (this.#next !== undefined) return
    // Why a handshake that had begun has failed is told a moment later.
    if (!this.#isRunning) this.#isOver = true
    clearTimeout(this.#timer)
    const { room, gate } = this.#parts
    gate.leave(this.#handshake)
    room.leave(this)
    this.#charge(0)
    room.clients.leave(this.client)
    this.#resolve()
  }

  #charge(bytes: number): void {
    this.#parts.room.hold(this, bytes - this.heldBytes)
    this.heldBytes = bytes
  }
}

const secureOpened = (opened: Opened, socket: TLSSocket): Opened => ({
  ...opened,
  socket,
  onBytes: take => {
    socket.on('data', chunk => {
      if (!take(chunk)) socket.pause()
    })
  },
  facts: connectionFacts({
    sni: wordOf((socket as { readonly servername?: unknown }).servername),
    alpn: wordOf(socket.alpnProtocol),
  }),
  fixedBytes: TLS_CONNECTION_BYTES,
})

/** Node says false or null for none. */
const wordOf = (fact: unknown): string | undefined =>
  typeof fact === 'string' && fact !== '' ? fact : undefined
