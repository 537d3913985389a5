// Listeners of connections, of any scheme: SO_REUSEPORT, one per address and shard. With the mmsg
// engine main owns the listening sockets, so that connections that a dead shard had not accepted
// wait for its successor. Otherwise each shard opens its own. kinds.ts says who serves a
// connection, tcp/room.ts has what all connections of a shard share.

import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause, setImmediate as turnOfLoop } from 'node:timers/promises'
import { errnoText } from '../../base/files/errno.ts'
import { systemClock } from '../../base/time/clock.ts'
import { type ListenAddress, listenText, type OpenListener, type Receiver } from '../engine.ts'
import { C } from '../mmsg/abi.ts'
import { dropNewConnections } from '../mmsg/bpf.ts'
import type { Libc } from '../mmsg/libc.ts'
import { codeOfErrno } from '../mmsg/sockets.ts'
import type { Kind, Opened, StreamConnection } from '../tcp/opened.ts'
import type { TcpRoom } from '../tcp/room.ts'
import { CurrentAcceptor } from '../tls/acceptor.ts'
import { gateOf } from '../tls/gate.ts'
import { takeOver } from './accepted.ts'
import { HandshakeReports } from './handshake-reports.ts'
import { kindOf } from './kinds.ts'
import { openProxied } from './proxied.ts'
import { SecureOpening, type SecureParts } from './secure-opening.ts'

const BACKLOG = 511
/** In which a handshake that has begun comes to its end. */
const HANDSHAKE_MS = 50

/** A socket of main's, bound to the address. */
export interface BorrowedSocket {
  readonly libc: Libc
  readonly fd: number
}

export interface StreamOptions {
  /** Of the shard, for all its listeners. */
  readonly room: TcpRoom
  readonly canReusePort: boolean
  /** Absent: the listener opens a socket of its own. */
  readonly borrowed?: BorrowedSocket | undefined
  readonly onError: (text: string) => void
  /** What clients do that is worth a line once a while. */
  readonly onRefused?: (text: string) => void
}

class StreamListener implements OpenListener {
  readonly #place: ListenAddress
  readonly #options: StreamOptions
  readonly #server: Server
  readonly #connections = new Set<StreamConnection>()
  readonly #secure: SecureParts
  /** Connections so far, refused ones included. */
  #accepted = 0

  constructor(place: ListenAddress, receiver: Receiver, options: StreamOptions, kind: Kind) {
    this.#place = place
    this.#options = options
    this.#secure = securePartsOf(receiver, options, kind, this.#became)
    // Paused: the connection reads in its own way.
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, accepted => {
      this.#accepted++
      if (this.#hasRoom(receiver)) this.#take(accepted, receiver, kind)
      else accepted.destroy()
    })
  }

  #take(accepted: Socket, receiver: Receiver, kind: Kind): void {
    const { room } = this.#options
    const opened = takeOver(accepted, receiver, room)
    if (opened === undefined) return
    const serve = (ready: Opened): StreamConnection =>
      receiver.serving.tls.length === 0
        ? kind.open(ready, receiver, room)
        : new SecureOpening(ready, this.#secure)
    const connection =
      receiver.proxy === undefined
        ? serve(opened)
        : openProxied(opened, receiver.proxy, receiver, room, ready => {
            const successor = serve(ready)
            this.#became(connection, successor)
            return successor
          })
    room.admit(connection)
    this.#note(connection)
  }

  #note(connection: StreamConnection): void {
    this.#connections.add(connection)
    void connection.closed.then(() => this.#connections.delete(connection))
  }

  /** What begins with a PROXY header or a handshake has come to its end. */
  readonly #became = (before: StreamConnection, connection: StreamConnection): void => {
    this.#connections.delete(before)
    this.#note(connection)
  }

  /**
   * Whether the listener's own limit, of which each shard has its part, lets one more in. At the
   * limit the newcomer takes the place of the one that has been idle longest.
   */
  #hasRoom({ serving: { limits } }: Receiver): boolean {
    const { room } = this.#options
    const most = Math.max(1, Math.floor(limits.maxConnections / room.budget.sharers))
    if (limits.maxConnections === 0 || this.#connections.size < most) return true
    const idle = room.closeIdle(this.#connections)
    if (idle === undefined) room.counts.cut('room')
    else this.#connections.delete(idle)
    return idle !== undefined
  }

  get port(): number | undefined {
    const address = this.#server.address()
    return typeof address === 'object' ? address?.port : undefined
  }

  /**
   * A borrowed socket listens from start() on: no connection is accepted before the configuration
   * is in force.
   */
  async open(): Promise<void> {
    const { borrowed, canReusePort } = this.#options
    if (borrowed !== undefined) return
    const { address, port } = this.#place
    const host = address === '' ? {} : { host: address }
    this.#server.listen({
      port,
      ...host,
      backlog: BACKLOG,
      exclusive: true,
      reusePort: canReusePort,
    })
    await once(this.#server, 'listening')
    // Accepting fails when descriptors run out: the kernel keeps the connection until there are
    // some again.
    this.#server.on('error', () => {})
  }

  start(): void {
    const { borrowed, onError } = this.#options
    if (borrowed === undefined) return
    const failed = (cause: unknown): void =>
      onError(`Listen: listen tcp ${listenText(this.#place)}: ${errnoText(cause)}`)
    this.#server.on('error', error => {
      if (!this.#server.listening) failed(error)
    })
    // A descriptor of its own, which Node closes with the server or the thread.
    const fd = borrowed.libc.dup(borrowed.fd)
    if (fd < 0) failed({ code: codeOfErrno(borrowed.libc.errno()) })
    else this.#server.listen({ fd, backlog: BACKLOG, exclusive: true })
  }

  /**
   * A connection that the kernel has completed and that is not accepted would be reset. So those
   * that have begun are accepted, and no others.
   */
  async #acceptLast(graceMs: number): Promise<void> {
    const { borrowed } = this.#options
    if (borrowed !== undefined && this.#server.listening && graceMs > 0) {
      dropNewConnections(borrowed.libc, borrowed.fd)
      await pause(HANDSHAKE_MS)
    }
    // The loop may accept one at each look: what is complete is accepted once nothing more comes.
    const untilMs = systemClock.ms() + graceMs
    for (let quiet = 0; quiet < 2; quiet++) {
      const before = this.#accepted
      await turnOfLoop()
      if (this.#accepted !== before && systemClock.ms() < untilMs) quiet = -1
    }
  }

  async close(graceMs: number): Promise<void> {
    await this.#acceptLast(graceMs)
    const { borrowed } = this.#options
    // The other descriptors of this socket would keep it listening, and nothing would accept.
    if (borrowed !== undefined && this.#server.listening)
      borrowed.libc.shutdown(borrowed.fd, C.SHUT_RDWR)
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    const connections = [...this.#connections]
    for (const connection of connections) connection.end()
    const cut = setTimeout(() => {
      for (const connection of connections) connection.cut()
    }, graceMs)
    await Promise.all([closed, ...connections.map(connection => connection.closed)])
    clearTimeout(cut)
  }
}

const securePartsOf = (
  receiver: Receiver,
  { room, onRefused = () => {} }: StreamOptions,
  kind: Kind,
  became: SecureParts['became'],
): SecureParts => {
  const current = new CurrentAcceptor(kind.alpn)
  const reports = new HandshakeReports(room, onRefused)
  return {
    receiver,
    room,
    gate: gateOf(room),
    acceptor: () => current.of(receiver.serving.tls),
    kind,
    became,
    ended: (outcome, address, why) => reports.ended(receiver.listener.label, outcome, address, why),
  }
}

/** Rejects with the system's error if the address cannot be listened on. */
export const openStream = async (
  place: ListenAddress,
  receiver: Receiver,
  options: StreamOptions,
): Promise<OpenListener> => {
  const listener = new StreamListener(
    place,
    receiver,
    options,
    await kindOf(receiver.serving.scheme),
  )
  await listener.open()
  return listener
}
