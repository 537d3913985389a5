// How long to wait for a connection: twice the running average of past dials, within bounds.

const INITIAL_AVERAGE_MS = 15_000
const MINIMUM_MS = 1000
const MAXIMUM_MS = 30_000

export class DialTimeout {
  #averageMs = INITIAL_AVERAGE_MS

  get ms(): number {
    return Math.min(MAXIMUM_MS, Math.max(MINIMUM_MS, 2 * this.#averageMs))
  }

  /** Moves the average by a quarter of the difference; failed dials count too. */
  took(elapsedMs: number): void {
    this.#averageMs += (elapsedMs - this.#averageMs) / 4
  }
}
