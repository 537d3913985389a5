// Permits (`max_concurrent`): how many are held in the whole process, as the sum of one word per
// shard, one cache line apart. Writers: each shard its own word, main a dead shard's word. Readers:
// all. No lock, no wait. Order: add to the own word, sum, give back if over the limit; so the limit
// is never exceeded, and at the limit two takers may refuse each other for an instant (CoreDNS does
// too).

/** 32-bit words between two shards' rows: one cache line. */
export const PERMIT_ROW_WORDS = 16

/** 32-bit words for one limit. Begin them at a multiple of 16 words. */
export const permitWords = (shards: number): number => shards * PERMIT_ROW_WORDS

export class Permits {
  readonly #words: Int32Array
  readonly #first: number
  readonly #end: number
  readonly #mine: number
  readonly #limit: number

  /**
   * `offset` is the first word of the rows; `me` counts shards from 0. A limit of 0 admits nothing.
   */
  constructor(words: Int32Array, offset: number, shards: number, me: number, limit: number) {
    if (!(me >= 0 && me < shards)) throw new RangeError(`shard ${me} of ${shards}`)
    this.#words = words
    this.#first = offset
    this.#end = offset + permitWords(shards)
    this.#mine = offset + me * PERMIT_ROW_WORDS
    this.#limit = limit
  }

  /** Takes a permit unless the limit is reached. Each success needs one release. */
  tryAcquire(): boolean {
    Atomics.add(this.#words, this.#mine, 1)
    if (this.inUse <= this.#limit) return true
    Atomics.sub(this.#words, this.#mine, 1)
    return false
  }

  release(): void {
    Atomics.sub(this.#words, this.#mine, 1)
  }

  /** Permits held by all shards now. */
  get inUse(): number {
    let sum = 0
    for (let row = this.#first; row < this.#end; row += PERMIT_ROW_WORDS)
      sum += Atomics.load(this.#words, row)
    return sum
  }
}

/**
 * Gives back all that a dead shard (from 0) held. Main only, and only after the worker's `exit`
 * event.
 */
export const sweepPermits = (
  words: Int32Array,
  offset: number,
  shards: number,
  dead: number,
): void => {
  if (dead >= 0 && dead < shards) Atomics.store(words, offset + dead * PERMIT_ROW_WORDS, 0)
}
