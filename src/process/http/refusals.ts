// Log lines on clients that a listener refuses: one at once, then one a minute with their number.

import type { Clock } from '../../base/time/clock.ts'
import type { Logger } from '../../log/logger.ts'

const INTERVAL_MS = 60_000

export class Refusals {
  readonly #clock: Clock
  readonly #warn: (text: string) => void
  readonly #listener: string
  #nextMs = Number.NEGATIVE_INFINITY
  #count = 0

  constructor(listener: string, log: Logger, clock: Clock) {
    this.#listener = listener
    this.#warn = text => log.warning(text)
    this.#clock = clock
  }

  /** A client at that address has no certificate that is accepted. */
  refused(client: string): void {
    this.#count++
    const nowMs = this.#clock.ms()
    if (nowMs < this.#nextMs) return
    const who =
      this.#count === 1
        ? `a client without an accepted certificate was refused: ${client}`
        : `${this.#count} clients without an accepted certificate were refused, the last ${client}`
    this.#warn(`HTTP listener ${this.#listener}: ${who}`)
    this.#count = 0
    this.#nextMs = nowMs + INTERVAL_MS
  }
}
