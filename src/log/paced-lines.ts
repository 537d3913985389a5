// Lines that something brings about again and again, such as queries: one in a while at most,
// which counts those before it that were left out.

const PAUSE_MS = 1000

interface Last {
  readonly ms: number
  leftOut: number
}

export class PacedLines {
  /** By what they are about. */
  readonly #last = new Map<string, Last>()
  readonly #pauseMs: number

  /** `pauseMs`: the shortest time between two lines about the same. */
  constructor(pauseMs = PAUSE_MS) {
    this.#pauseMs = pauseMs
  }

  /**
   * One more line about it: what to add to its text, such as ` (and 4 more before)`; undefined: it
   * is left out.
   */
  next(about: string, nowMs: number): string | undefined {
    const last = this.#last.get(about)
    if (last !== undefined && nowMs - last.ms < this.#pauseMs) {
      last.leftOut++
      return undefined
    }
    this.#last.set(about, { ms: nowMs, leftOut: 0 })
    return last === undefined || last.leftOut === 0 ? '' : ` (and ${last.leftOut} more before)`
  }
}
