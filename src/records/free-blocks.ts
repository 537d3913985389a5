// Free blocks of the records memory: found by size, cut to measure, joined with their free neighbours. Sizes are in words and multiples of 4.

/** Below this many words sizes go in steps of 4, above it in four steps for each doubling. */
const SMALL_WORDS = 64
const SMALL_STEP = 4

/** The size that a block of at least `words` words is taken in. */
export const blockWords = (words: number): number => {
  if (words <= SMALL_WORDS) return Math.ceil(words / SMALL_STEP) * SMALL_STEP
  const step = 2 ** (31 - Math.clz32(words - 1)) / 4
  return Math.ceil(words / step) * step
}

/** The largest of those sizes that fits into `words`. */
const sizeWithin = (words: number): number => {
  if (words <= SMALL_WORDS) return words
  const step = 2 ** (31 - Math.clz32(words)) / 4
  return Math.floor(words / step) * step
}

export class FreeBlocks {
  /** Words of a block by its first word. */
  readonly #sizes = new Map<number, number>()
  /** First word of a block by the word behind it. */
  readonly #starts = new Map<number, number>()
  /** First words by the size that a block is good for. */
  readonly #bins = new Map<number, Set<number>>()
  #largestBin = 0

  add(at: number, words: number): void {
    let start = at
    let end = at + words
    const before = this.#starts.get(at)
    if (before !== undefined) {
      this.#remove(before)
      start = before
    }
    const behind = this.#sizes.get(end)
    if (behind !== undefined) {
      this.#remove(end)
      end += behind
    }
    this.#sizes.set(start, end - start)
    this.#starts.set(end, start)
    const bin = sizeWithin(end - start)
    const list = this.#bins.get(bin)
    if (list === undefined) this.#bins.set(bin, new Set([start]))
    else list.add(start)
    if (bin > this.#largestBin) this.#largestBin = bin
  }

  /** First word of a block of `size` words (as blockWords gives it), of the smallest that is large enough; 0 if there is none. */
  take(size: number): number {
    for (let bin = size; bin <= this.#largestBin; bin = blockWords(bin + 1)) {
      const at = this.#bins.get(bin)?.values().next().value
      if (at === undefined) continue
      const words = this.#remove(at)
      if (words > size) this.add(at + size, words - size)
      return at
    }
    return 0
  }

  #remove(at: number): number {
    const words = this.#sizes.get(at) ?? 0
    this.#sizes.delete(at)
    this.#starts.delete(at + words)
    this.#bins.get(sizeWithin(words))?.delete(at)
    return words
  }
}
