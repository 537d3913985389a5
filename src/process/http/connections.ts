// The connections of one HTTP listener: limits their number, and the bytes of answers that clients
// have not read. When a limit is exceeded, the connection that has been idle longest is closed, of
// the client that uses most; never a new one.

import type { Socket } from 'node:net'
import { clientKey } from '../../base/ip.ts'

/**
 * Reasons for closing a connection: too many connections, too many unread bytes, too many pipelined
 * requests.
 */
export const CLOSURES = ['room', 'unread', 'pipelined'] as const
export type Closure = (typeof CLOSURES)[number]

export interface ConnectionLimits {
  readonly connections: number
  /** Connections allowed beyond the limit until their first bytes have been read. */
  readonly burst: number
  /** Of all answers that their clients may not have read yet. One answer may be larger. */
  readonly unreadBytes: number
}

/** Requests of one connection that are not answered yet. */
const REQUEST_LIMIT = 16
/**
 * The first bytes of a connection are read after a whole turn of the event loop since it was
 * accepted.
 */
const TURNS_UNTIL_READ = 2
const PARSED_AS_UPGRADE = 2
/** Shorter answers fit in the client's own buffers as soon as they are sent. */
const SHORT_BYTES = 4096

interface Connection {
  /** As it was accepted: of a TLS connection the TCP below. */
  readonly socket: Socket
  /** The one that requests are read from. */
  stream: Socket
  readonly client: Client
  readonly acceptedInTurn: number
  hasAsked: boolean
  /** Not answered yet. */
  requests: number
  /** Of the answers that it may not have read. */
  unreadBytes: number
}

/** All connections from one address. The one without event for the longest time comes first. */
interface Client {
  readonly key: string
  readonly connections: Set<Connection>
  unreadBytes: number
}

export interface ConnectionEvents {
  closed(closure: Closure): void
  /** A connection or a request has left garbage behind. */
  churned(): void
}

export class HttpConnections {
  readonly #limits: ConnectionLimits
  readonly #events: ConnectionEvents
  /** As in Client, over all. */
  readonly #connections = new Map<Socket, Connection>()
  /** The same by the sockets on top of them, where there are such. */
  readonly #secured = new WeakMap<Socket, Connection>()
  readonly #clients = new Map<string, Client>()
  #unreadBytes = 0
  #turn = 0
  #isCounting = false

  constructor(limits: ConnectionLimits, events: ConnectionEvents) {
    this.#limits = limits
    this.#events = events
  }

  get size(): number {
    return this.#connections.size
  }
  get unreadBytes(): number {
    return this.#unreadBytes
  }

  add(socket: Socket): void {
    const address = socket.remoteAddress
    // Reset before it was accepted.
    if (address === undefined) {
      socket.destroy()
      return
    }
    const client = this.#client(clientKey(address))
    const connection = {
      socket,
      stream: socket,
      client,
      acceptedInTurn: this.#turn,
      hasAsked: false,
      requests: 0,
      unreadBytes: 0,
    }
    this.#connections.set(socket, connection)
    client.connections.add(connection)
    socket.once('close', () => this.#remove(connection))
    const { connections, burst } = this.#limits
    this.#closeBeyond(connections + burst, 0)
    if (this.#connections.size > connections) this.#countTurns()
  }

  /** Requests of the connection come by that socket. False if the connection has been closed. */
  secured(socket: Socket, stream: Socket): boolean {
    const connection = this.#connections.get(socket)
    if (connection === undefined) return false
    connection.stream = stream
    this.#secured.set(stream, connection)
    this.#touch(connection)
    return true
  }

  /** A request has come, with all headers. False if it must not be answered. */
  asked(stream: Socket): boolean {
    const connection = this.#of(stream)
    if (connection === undefined) return false
    connection.hasAsked = true
    // The client asks again, so it has read the answers before.
    if (connection.requests === 0) this.#unread(connection, -connection.unreadBytes)
    if (++connection.requests > REQUEST_LIMIT) {
      this.#close(connection, 'pipelined')
      stopParsing(stream)
      return false
    }
    this.#touch(connection)
    return true
  }

  /** An answer of that many bytes will be sent. False if the connection has been closed. */
  answering(stream: Socket, bytes: number): boolean {
    const connection = this.#of(stream)
    if (connection === undefined) return false
    this.#unread(connection, bytes)
    while (this.#unreadBytes > this.#limits.unreadBytes) {
      const mayGo = (other: Connection): boolean => other.unreadBytes > 0 && other !== connection
      const reader =
        this.#ofLargest(client => client.unreadBytes, bytes)?.find(mayGo) ??
        this.#connections.values().find(mayGo)
      if (reader === undefined) break
      this.#close(reader, 'unread')
    }
    return true
  }

  /** An answer has been handed to the kernel, or is given up. */
  answered(stream: Socket): void {
    const connection = this.#of(stream)
    if (connection === undefined) return
    connection.requests--
    this.#touch(connection)
  }

  /** Closes a connection that is idle. */
  expire(stream: Socket): void {
    const connection = this.#of(stream)
    if (connection === undefined) stream.destroy()
    else end(connection)
  }

  /** Undefined if it has been closed. */
  #of(stream: Socket): Connection | undefined {
    const secured = this.#secured.get(stream)
    return this.#connections.get(secured?.socket ?? stream)
  }

  #client(key: string): Client {
    const known = this.#clients.get(key)
    if (known !== undefined) return known
    const client = { key, connections: new Set<Connection>(), unreadBytes: 0 }
    this.#clients.set(key, client)
    return client
  }

  #touch(connection: Connection): void {
    this.#connections.delete(connection.socket)
    this.#connections.set(connection.socket, connection)
    connection.client.connections.delete(connection)
    connection.client.connections.add(connection)
  }

  #unread(connection: Connection, bytes: number): void {
    connection.unreadBytes += bytes
    connection.client.unreadBytes += bytes
    this.#unreadBytes += bytes
  }

  #remove(connection: Connection): void {
    if (!this.#connections.delete(connection.socket)) return
    this.#unread(connection, -connection.unreadBytes)
    const { client } = connection
    client.connections.delete(connection)
    if (client.connections.size === 0) this.#clients.delete(client.key)
    this.#events.churned()
  }

  /**
   * The first bytes of a connection are read in the turn after the one that accepts it. Many may be
   * accepted in one turn, and none of them is closed before it was read.
   */
  #countTurns(): void {
    if (this.#isCounting) return
    this.#isCounting = true
    setImmediate(() => {
      this.#turn++
      this.#isCounting = false
      this.#closeBeyond(this.#limits.connections, TURNS_UNTIL_READ)
      if (this.#connections.size > this.#limits.connections) this.#countTurns()
    })
  }

  /** Only those that were accepted at least so many turns ago. */
  #closeBeyond(size: number, turns: number): void {
    const mayGo = (connection: Connection): boolean =>
      this.#turn - connection.acceptedInTurn >= turns
    while (this.#connections.size > size) {
      const idle =
        this.#ofLargest(client => client.connections.size, 1)?.find(mayGo) ??
        this.#connections.values().find(mayGo)
      if (idle === undefined) return
      this.#close(idle, 'room')
    }
  }

  /** The connections of the client that has most of something, if that is more than `fair`. */
  #ofLargest(
    measure: (client: Client) => number,
    fair: number,
  ): IteratorObject<Connection> | undefined {
    let largest: Client | undefined
    for (const client of this.#clients.values()) {
      if (measure(client) > (largest === undefined ? fair : measure(largest))) largest = client
    }
    return largest?.connections.values()
  }

  #close(connection: Connection, closure: Closure): void {
    end(connection)
    this.#remove(connection)
    this.#events.closed(closure)
  }
}

/**
 * A reset frees the kernel's memory at once, also that of a long unread answer. A client that has
 * been served gets an orderly end.
 */
const end = ({ socket, stream, hasAsked, requests, unreadBytes }: Connection): void => {
  if (hasAsked && requests === 0 && unreadBytes <= SHORT_BYTES) stream.destroy()
  else socket.resetAndDestroy()
}

/**
 * Node's parser hands over every request of what was read at once, a thousand maybe, though their
 * socket has gone. It stops at what it takes for an upgrade. A field of Node's own: without it the
 * others cost time and nothing else.
 */
const stopParsing = ({
  parser,
}: Socket & { parser?: { onIncoming: () => number } | null }): void => {
  if (parser) parser.onIncoming = () => PARSED_AS_UPGRADE
}
