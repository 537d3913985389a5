// Free blocks of the records memory: found by size, cut to measure, joined with their free
// neighbours. Sizes are in words and multiples of 4, and so is where blocks begin. The data
// about a free block are in the block itself, since no reader uses it any more:
//
//   free block      word  0  its words
//                         1  first word of the next block of its bin; 0: the last
//                         2  of the one before; 0: the first
//                         3  of large ones: 1 if the pages within have been given to the system
//                      last  its words
//
// Two bits for each four words of the memory say where free blocks begin and end. So a million of
// them cost main nothing.

/** Below this many words sizes go in steps of 4, above it in four steps for each doubling. */
const SMALL_WORDS = 64
const SMALL_STEP = 4

const SIZE = 0
const NEXT = 1
const BEFORE = 2
const RELEASED = 3

/** Blocks of so many words may have whole pages within. */
const LARGE_WORDS = 2048
/** What is between the words of a large block that say what it is. */
const LARGE_HEAD = 4

/** Takes back the pages within so many words: what is in them is lost, and reads as zero. */
export type DropPages = (at: number, words: number) => void

/** The size that a block of at least `words` words is taken in. */
export const blockWords = (words: number): number => {
  if (words <= SMALL_WORDS) return Math.ceil(words / SMALL_STEP) * SMALL_STEP
  const step = 2 ** (31 - Math.clz32(words - 1)) / 4
  return Math.ceil(words / step) * step
}

/** The bin of the largest of those sizes that fits into `words`. */
const binWithin = (words: number): number => {
  if (words <= SMALL_WORDS) return words / SMALL_STEP
  const doubling = 31 - Math.clz32(words)
  return SMALL_BINS + (doubling - SMALL_DOUBLING) * 4 + (words >>> (doubling - 2)) - 4
}

const SMALL_BINS = SMALL_WORDS / SMALL_STEP
const SMALL_DOUBLING = 6
/** Sizes are below 2^29 words. */
const BINS = SMALL_BINS + 4 * (30 - SMALL_DOUBLING)
const FIRST_LARGE_BIN = binWithin(LARGE_WORDS)

export class FreeBlocks {
  readonly #words: Int32Array
  /** By bin the first word of its first block. */
  readonly #bins = new Int32Array(BINS)
  readonly #starts: Bits
  readonly #ends: Bits

  /** Of the words up to `limit`. */
  constructor(words: Int32Array, limit: number) {
    this.#words = words
    this.#starts = new Bits(limit / SMALL_STEP)
    this.#ends = new Bits(limit / SMALL_STEP)
  }

  add(at: number, words: number): void {
    let start = at
    let end = at + words
    if (this.#ends.has(at / SMALL_STEP)) {
      start -= this.#words[at - 1] ?? 0
      this.#remove(start)
    }
    if (this.#starts.has(end / SMALL_STEP)) {
      const behind = end
      end += this.#words[behind + SIZE] ?? 0
      this.#remove(behind)
    }
    this.#put(start, end - start)
  }

  /**
   * First word of a block of `size` words (as blockWords gives it), of the smallest that is large
   * enough; 0 if there is none.
   */
  take(size: number): number {
    for (let bin = binWithin(size); bin < BINS; bin++) {
      const at = this.#bins[bin] ?? 0
      if (at === 0) continue
      const isReleased = this.#isReleased(at)
      const words = this.#remove(at)
      if (words > size) this.#put(at + size, words - size, isReleased)
      return at
    }
    return 0
  }

  /**
   * Calls `drop` for what is within large blocks, but not twice; for `most` of them at a time.
   * False if there are more.
   */
  release(most: number, drop: DropPages): boolean {
    const words = this.#words
    let left = most
    for (let bin = FIRST_LARGE_BIN; bin < BINS; bin++)
      for (let at = this.#bins[bin] ?? 0; at !== 0; at = words[at + NEXT] ?? 0) {
        if (this.#isReleased(at)) continue
        if (left-- === 0) return false
        words[at + RELEASED] = 1
        drop(at + LARGE_HEAD, (words[at + SIZE] ?? 0) - LARGE_HEAD - 1)
      }
    return true
  }

  #isReleased(at: number): boolean {
    return (this.#words[at + SIZE] ?? 0) >= LARGE_WORDS && this.#words[at + RELEASED] === 1
  }

  #put(at: number, size: number, isReleased = false): void {
    const words = this.#words
    const bin = binWithin(size)
    const next = this.#bins[bin] ?? 0
    words[at + SIZE] = size
    words[at + NEXT] = next
    words[at + BEFORE] = 0
    if (size >= LARGE_WORDS) words[at + RELEASED] = isReleased ? 1 : 0
    words[at + size - 1] = size
    if (next !== 0) words[next + BEFORE] = at
    this.#bins[bin] = at
    this.#starts.set(at / SMALL_STEP)
    this.#ends.set((at + size) / SMALL_STEP)
  }

  #remove(at: number): number {
    const words = this.#words
    const size = words[at + SIZE] ?? 0
    const next = words[at + NEXT] ?? 0
    const before = words[at + BEFORE] ?? 0
    if (before === 0) this.#bins[binWithin(size)] = next
    else words[before + NEXT] = next
    if (next !== 0) words[next + BEFORE] = before
    this.#starts.clear(at / SMALL_STEP)
    this.#ends.clear((at + size) / SMALL_STEP)
    return size
  }
}

const FIRST_BITS = 1 << 15

/** Bits by number, all 0 at first; takes memory up to the highest that was set. */
class Bits {
  readonly #limit: number
  #words = new Int32Array(FIRST_BITS / 32)

  constructor(limit: number) {
    this.#limit = limit
  }

  has(bit: number): boolean {
    return (((this.#words[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) !== 0
  }

  set(bit: number): void {
    if (bit >>> 5 >= this.#words.length) this.#grow(bit)
    this.#words[bit >>> 5] = (this.#words[bit >>> 5] ?? 0) | (1 << (bit & 31))
  }

  clear(bit: number): void {
    this.#words[bit >>> 5] = (this.#words[bit >>> 5] ?? 0) & ~(1 << (bit & 31))
  }

  #grow(bit: number): void {
    const larger = new Int32Array((Math.max(bit, Math.min(2 * bit, this.#limit)) >>> 5) + 1)
    larger.set(this.#words)
    this.#words = larger
  }
}
