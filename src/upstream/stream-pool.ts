// Idle TCP or TLS connections to one upstream, oldest first. One question at a time per connection;
// no bound on those in use, which the thread's SocketAllowance and `max_concurrent` bound.

import type { Clock } from '../base/time/clock.ts'
import type { Endpoint } from './endpoint.ts'
import type { SocketAllowance } from './socket-allowance.ts'
import { StreamConnection } from './stream-connection.ts'
import { type DialOptions, dial } from './stream-dial.ts'

export interface PoolOptions extends DialOptions {
  /** Idle connections are used no more after this. */
  readonly expireMs: number
  /** Age in milliseconds at which a connection is used no more; 0: any age. */
  readonly maxAgeMs: number
  /** Connections kept idle; 0: any number. */
  readonly maxIdle: number
}

const FIRST_DIAL_MS = 15_000
const LEAST_DIAL_MS = 1000
const MOST_DIAL_MS = 30_000

/** How long to wait for a connection: twice the running average of past dials, within bounds. */
export class DialTimeout {
  #averageMs = FIRST_DIAL_MS

  get ms(): number {
    return Math.min(MOST_DIAL_MS, Math.max(LEAST_DIAL_MS, 2 * this.#averageMs))
  }

  /** Moves the average by a quarter of the difference; failed dials count too. */
  took(elapsedMs: number): void {
    this.#averageMs += (elapsedMs - this.#averageMs) / 4
  }
}

export class StreamPool {
  readonly #remote: Endpoint
  readonly #options: PoolOptions
  readonly #sockets: SocketAllowance
  readonly #clock: Clock
  readonly #dialTimeout = new DialTimeout()
  readonly #used = new Set<StreamConnection>()
  #idle: StreamConnection[] = []
  #isClosed = false

  constructor(remote: Endpoint, options: PoolOptions, sockets: SocketAllowance, clock: Clock) {
    this.#remote = remote
    this.#options = options
    this.#sockets = sockets
    this.#clock = clock
  }

  get idleCount(): number {
    return this.#idle.length
  }

  /**
   * The connection that has been idle longest, or undefined: then `open` one. Give it back with
   * `give`, or close it.
   */
  take(): StreamConnection | undefined {
    const now = this.#clock.ms()
    for (let next = this.#idle.shift(); next !== undefined; next = this.#idle.shift()) {
      if (this.#isUsable(next, now)) {
        this.#used.add(next)
        return next
      }
      next.close()
    }
    return undefined
  }

  /**
   * Waits for the adaptive dial time-out, and never longer than `limitMs`. Rejects with an
   * ExchangeError.
   */
  async open(limitMs: number): Promise<StreamConnection> {
    const startedMs = this.#clock.ms()
    try {
      const socket = await dial(
        this.#remote,
        this.#options,
        this.#sockets,
        Math.min(this.#dialTimeout.ms, limitMs),
      )
      const connection = new StreamConnection(socket, this.#remote, this.#clock.ms())
      this.#used.add(connection)
      if (this.#isClosed) connection.close()
      return connection
    } finally {
      this.#dialTimeout.took(this.#clock.ms() - startedMs)
    }
  }

  /**
   * Returns a connection: an open one becomes idle, unless enough are; a closed one is forgotten.
   */
  give(connection: StreamConnection): void {
    this.#used.delete(connection)
    const { maxIdle } = this.#options
    connection.idleSinceMs = this.#clock.ms()
    if (this.#isClosed || !connection.isOpen || (maxIdle > 0 && this.#idle.length >= maxIdle))
      connection.close()
    else this.#idle.push(connection)
  }

  /** Closes what has expired. Called every 10 s, so that idle sockets do not outlive their use. */
  sweep(): void {
    const now = this.#clock.ms()
    const kept: StreamConnection[] = []
    for (const connection of this.#idle) {
      if (this.#isUsable(connection, now)) kept.push(connection)
      else connection.close()
    }
    this.#idle = kept
  }

  /** Closes all connections, those in use too: their exchanges reject. */
  close(): void {
    this.#isClosed = true
    for (const connection of [...this.#idle, ...this.#used]) connection.close()
    this.#idle = []
    this.#used.clear()
  }

  #isUsable(connection: StreamConnection, now: number): boolean {
    const { expireMs, maxAgeMs } = this.#options
    if (!connection.isOpen || now - connection.idleSinceMs > expireMs) return false
    return maxAgeMs === 0 || now - connection.openedMs <= maxAgeMs
  }
}
