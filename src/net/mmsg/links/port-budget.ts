// How many sockets a shard may open only for the sake of their ports. Where there are few queries
// each gets a port of its own; where there are many, opening and closing sockets must not become
// what the shard does. At this pace it takes half a percent of a processor.

const PER_SECOND = 500
const MOST = 64

export class PortBudget {
  #left = MOST
  #refilledMs = Number.NEGATIVE_INFINITY

  /** False: one that is open already must do. */
  take(nowMs: number): boolean {
    this.#left = Math.min(MOST, this.#left + ((nowMs - this.#refilledMs) * PER_SECOND) / 1000)
    this.#refilledMs = nowMs
    if (this.#left < 1) return false
    this.#left--
    return true
  }

  /**
   * Whether the next queries may have a port each, so that no open one needs to be kept for them.
   */
  get isAmple(): boolean {
    return this.#left > MOST / 2
  }
}
