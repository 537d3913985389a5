// What the log says of queries that are refused: one line in a second at most, however many.

/** Shortest time between two lines. */
const PAUSE_MS = 1000

export class Refusals {
  #toldMs = Number.NEGATIVE_INFINITY
  #untold = 0

  /** The text for one more, or undefined where the last line is too near. */
  add(text: string, nowMs: number): string | undefined {
    if (nowMs - this.#toldMs < PAUSE_MS) {
      this.#untold++
      return undefined
    }
    const more = this.#untold === 0 ? '' : ` (and ${this.#untold} more before)`
    this.#toldMs = nowMs
    this.#untold = 0
    return `${text}${more}`
  }
}
