// How long to wait before the next attempt: doubling with jitter, as client-go's reflector does, so
// that servers that restart are not stormed. A server that cannot be reached at all costs nothing
// to ask: it is tried again every second or so, to be in step as soon as it is back.

const FIRST_MS = 800
const LAST_MS = 30_000
/** Stretched to five seconds at most. */
const LAST_REFUSED_MS = 2500
/** A server may ask for more patience than that; it does not get it. */
const RETRY_AFTER_LIMIT_MS = 60_000

export class Backoff {
  readonly #random: () => number
  #nextMs = FIRST_MS

  /** `random` gives numbers from 0 up to 1. */
  constructor(random: () => number) {
    this.#random = random
  }

  /**
   * Once to twice 0.8 s, then 1.6 s, … then 30 s; at least what the server asked for in
   * Retry-After, if that is a minute or less.
   */
  next(retryAfterMs = 0): number {
    return Math.max(this.#doubling(LAST_MS), Math.min(retryAfterMs, RETRY_AFTER_LIMIT_MS))
  }

  /**
   * Likewise, but 2.5 s at last: a refusal ends when somebody has set it right, and to refuse costs
   * a server little.
   */
  refused(): number {
    return this.#doubling(LAST_REFUSED_MS)
  }

  /** Once to twice 0.8 s, however often: the server did not answer at all. */
  unreached(): number {
    return this.#jittered(FIRST_MS)
  }

  #doubling(lastMs: number): number {
    const delayMs = this.#jittered(Math.min(this.#nextMs, lastMs))
    this.#nextMs = Math.min(this.#nextMs * 2, LAST_MS)
    return delayMs
  }

  #jittered(ms: number): number {
    return ms * (1 + this.#random())
  }

  reset(): void {
    this.#nextMs = FIRST_MS
  }
}
