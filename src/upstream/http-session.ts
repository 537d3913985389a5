// The connections to one upstream over HTTP: opened as requests need them, shared by all that ask
// (HTTP/2), or one request at a time (HTTP/1.1). The server chooses the version when it is dialled.

import type { Socket } from 'node:net'
import type { Clock } from '../base/time/clock.ts'
import type { Endpoint } from './endpoint.ts'
import { canceledError, ExchangeError, timeoutError, tooManyConnections } from './exchange-error.ts'
import type {
  HttpAnswer,
  HttpConnection,
  HttpConnectionEvents,
  HttpRequest,
} from './http-exchange.ts'
import { Http1Connection } from './http1-connection.ts'
import { Http2Connection } from './http2-connection.ts'
import type { SocketAllowance } from './socket-allowance.ts'
import { dial } from './stream-dial.ts'
import { DialTimeout, type PoolOptions } from './stream-pool.ts'

/** The second is for when the first carries as many requests as the server takes. */
const MOST_HTTP2 = 2
const MOST_HTTP1 = 16

export interface HttpOptions extends PoolOptions {
  /** A server that chooses HTTP/1.1 is of no use. */
  readonly isHttp2Only?: boolean
}

/** Resolves with a socket for `openHttp`; rejects with an ExchangeError. */
export const dialHttp = async (
  remote: Endpoint,
  options: Pick<HttpOptions, 'secureContext' | 'sourceAddress' | 'isHttp2Only'>,
  sockets: SocketAllowance,
  timeoutMs: number,
): Promise<Socket> => {
  const alpn = options.isHttp2Only === true ? ['h2'] : ['h2', 'http/1.1']
  const socket = await dial(remote, { ...options, alpn }, sockets, timeoutMs)
  if (options.isHttp2Only !== true || isHttp2(socket, remote)) return socket
  socket.destroy()
  throw new ExchangeError('io', `dial tcp ${remote.name}: the server speaks no HTTP/2`)
}

const isHttp2 = (socket: Socket, { protocol }: Endpoint): boolean =>
  protocol === 'http' || ('alpnProtocol' in socket && socket.alpnProtocol === 'h2')

/** `authority` is the URL's. */
export const openHttp = (
  socket: Socket,
  remote: Endpoint,
  authority: string,
  openedMs: number,
  events: HttpConnectionEvents,
): HttpConnection => {
  const Connection = isHttp2(socket, remote) ? Http2Connection : Http1Connection
  return new Connection(socket, remote, authority, openedMs, events)
}

interface Waiter {
  readonly client: string
  readonly resolve: (connection: HttpConnection) => void
  readonly reject: (error: unknown) => void
  readonly timeoutMs: number
}

export interface HttpTimes {
  /** How long to wait for a connection that takes the request. */
  dialMs(): number
  /** How long to wait for the answer. */
  readMs(): number
}

export class HttpSession {
  readonly #remote: Endpoint
  readonly #authority: string
  readonly #options: HttpOptions
  readonly #sockets: SocketAllowance
  readonly #clock: Clock
  readonly #dialTimeout = new DialTimeout()
  /** Those that end, too, until they are closed. */
  readonly #connections = new Set<HttpConnection>()
  readonly #waiters: Waiter[] = []
  #dials = 0
  /** What the server chose last; before that nobody knows whether one connection will do. */
  #most = 1
  #isClosed = false

  constructor(
    remote: Endpoint,
    authority: string,
    options: HttpOptions,
    sockets: SocketAllowance,
    clock: Clock,
  ) {
    this.#remote = remote
    this.#authority = authority
    this.#options = options
    this.#sockets = sockets
    this.#clock = clock
  }

  /** Connections that take requests, now or when those under way are answered. */
  get openCount(): number {
    let count = 0
    for (const connection of this.#connections) if (this.#isUsable(connection)) count += 1
    return count
  }

  /**
   * Resolves when the answer is whole; rejects with an ExchangeError. What
   * a connection has taken and not answered when it ends goes over another one: once, and again
   * for each connection that had been idle for too long.
   */
  async exchange(request: HttpRequest, client: string, times: HttpTimes): Promise<HttpAnswer> {
    for (let isRetry = false; ; isRetry = true) {
      const connection = this.#pick() ?? (await this.#wait(client, times.dialMs()))
      const wasUsed = connection.hasAnswered
      try {
        return await connection.request(request, times.readMs())
      } catch (error) {
        const isClosed = error instanceof ExchangeError && error.kind === 'closed'
        if (!isClosed || (isRetry && !wasUsed)) throw error
      } finally {
        this.#give(connection)
      }
    }
  }

  /** Closes what has expired. */
  sweep(): void {
    for (const connection of this.#connections)
      if (connection.inUse === 0 && !this.#isUsable(connection)) connection.close()
  }

  /** Closes all connections: their requests reject. */
  close(): void {
    this.#isClosed = true
    for (const connection of [...this.#connections]) connection.close()
    for (const waiter of [...this.#waiters]) waiter.reject(canceledError(`->${this.#remote.name}`))
  }

  /** A connection that takes one more request now: the one opened first. */
  #pick(): HttpConnection | undefined {
    for (const connection of this.#connections) {
      if (connection.inUse >= connection.most || !this.#isUsable(connection)) continue
      connection.inUse += 1
      return connection
    }
    return undefined
  }

  #give(connection: HttpConnection): void {
    connection.inUse -= 1
    if (connection.inUse === 0) {
      connection.idleSinceMs = this.#clock.ms()
      if (!this.#isUsable(connection) || this.#isTooManyIdle()) connection.close()
    }
    this.#serve()
  }

  #isTooManyIdle(): boolean {
    const { maxIdle } = this.#options
    if (maxIdle === 0) return false
    let idle = 0
    for (const connection of this.#connections)
      if (connection.inUse === 0 && this.#isUsable(connection)) idle += 1
    return idle > maxIdle
  }

  #wait(client: string, timeoutMs: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer)
        const at = this.#waiters.indexOf(waiter)
        if (at >= 0) this.#waiters.splice(at, 1)
      }
      const waiter: Waiter = {
        client,
        timeoutMs,
        resolve: connection => {
          leave()
          resolve(connection)
        },
        reject: error => {
          leave()
          reject(error)
        },
      }
      const timer = setTimeout(
        () => waiter.reject(timeoutError(`dial tcp ${this.#remote.name}`)),
        timeoutMs,
      )
      this.#waiters.push(waiter)
      if (this.#isClosed) waiter.reject(canceledError(`->${this.#remote.name}`))
      else this.#serve()
    })
  }

  /** Gives free places to those that wait, and dials for the others. */
  #serve(): void {
    while (this.#waiters.length > 0) {
      const connection = this.#pick()
      if (connection === undefined) break
      this.#waiters[0]!.resolve(connection)
    }
    while (this.#dials < this.#waiters.length && this.#mayOpen()) {
      const { client, timeoutMs, reject } = this.#waiters[this.#dials]!
      if (this.#sockets.mayDial(client)) void this.#open(timeoutMs)
      // With a connection there is something to wait for.
      else if (this.openCount + this.#dials > 0) return
      else reject(tooManyConnections(this.#remote.name, this.#sockets.limit))
    }
  }

  #mayOpen(): boolean {
    if (this.#isClosed || this.openCount + this.#dials >= this.#most) return false
    if (this.#most === MOST_HTTP1) return true
    // What is on its way may do for all.
    if (this.#dials > 0) return false
    for (const connection of this.#connections)
      if (!connection.hasSettings && this.#isUsable(connection)) return false
    return true
  }

  async #open(limitMs: number): Promise<void> {
    const startedMs = this.#clock.ms()
    this.#dials += 1
    let failure: unknown
    let connection: HttpConnection | undefined
    try {
      const timeoutMs = Math.min(this.#dialTimeout.ms, limitMs)
      const socket = await dialHttp(this.#remote, this.#options, this.#sockets, timeoutMs)
      connection = this.#add(socket)
    } catch (error) {
      failure = error
    }
    this.#dials -= 1
    this.#dialTimeout.took(this.#clock.ms() - startedMs)
    // With another connection there is something to wait for.
    if (failure !== undefined && this.openCount + this.#dials === 0) {
      for (const waiter of [...this.#waiters]) waiter.reject(failure)
      return
    }
    this.#serve()
    if (connection?.inUse === 0) connection.idleSinceMs = this.#clock.ms()
  }

  #add(socket: Socket): HttpConnection {
    const connection: HttpConnection = openHttp(
      socket,
      this.#remote,
      this.#authority,
      this.#clock.ms(),
      {
        changed: () => this.#serve(),
        closed: () => {
          this.#connections.delete(connection)
          this.#serve()
        },
      },
    )
    this.#most = connection instanceof Http2Connection ? MOST_HTTP2 : MOST_HTTP1
    this.#connections.add(connection)
    if (this.#isClosed) connection.close()
    return connection
  }

  #isUsable({ isOpen, inUse, idleSinceMs, openedMs }: HttpConnection): boolean {
    const { expireMs, maxAgeMs } = this.#options
    const nowMs = this.#clock.ms()
    if (!isOpen || this.#isClosed || (inUse === 0 && nowMs - idleSinceMs > expireMs)) return false
    return maxAgeMs === 0 || nowMs - openedMs <= maxAgeMs
  }
}
