// A UDP socket that the engine receives at, and the replies that are still outstanding there.

import type { Peer } from '../../chain/query/query.ts'
import type { Receiver } from '../engine.ts'

export class MmsgSocket {
  readonly fd: number
  readonly receiver: Receiver
  readonly local: Peer
  readonly isWildcard: boolean
  readonly isV6: boolean
  /** Whether the engine counts what it receives here. */
  readonly isCounted: boolean
  isClosed = false
  #inFlight = 0
  #drained: (() => void) | undefined

  constructor(
    fd: number,
    receiver: Receiver,
    local: Peer,
    group: { readonly isWildcard: boolean; readonly family: 4 | 6 },
    isCounted = true,
  ) {
    this.fd = fd
    this.receiver = receiver
    this.local = local
    this.isWildcard = group.isWildcard
    this.isV6 = group.family === 6
    this.isCounted = isCounted
  }

  /** Slow queries that have no reply yet. */
  get inFlight(): number {
    return this.#inFlight
  }
  enter(): void {
    this.#inFlight++
  }
  leave(): void {
    this.#inFlight--
    if (this.#inFlight === 0) this.#drained?.()
  }

  /** Resolves when all replies are given, or after the grace. */
  async drain(graceMs: number): Promise<void> {
    if (this.#inFlight === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#drained = resolve
    const timer = setTimeout(resolve, graceMs)
    await promise
    clearTimeout(timer)
  }
}
