// Which words of the index belong to which table: first fit over a list of free ranges. Main only;
// private memory.

import { TABLE_HEADER_WORDS, tableWords } from './layout.ts'

export class IndexArena {
  /** Free ranges [first, end), ascending, never touching each other. */
  #free: { first: number; end: number }[]

  /** Word 0 stays out of use, since way number 0 means none. */
  constructor(words: number) {
    this.#free = words > TABLE_HEADER_WORDS ? [{ first: TABLE_HEADER_WORDS, end: words }] : []
  }

  /** Words of the largest free range. */
  get largest(): number {
    return this.#free.reduce((most, { first, end }) => Math.max(most, end - first), 0)
  }

  /** First word of a range for a table of that many buckets, 0 when there is none. */
  take(buckets: number): number {
    const words = tableWords(buckets)
    const range = this.#free.find(({ first, end }) => end - first >= words)
    if (range === undefined) return 0
    const first = range.first
    range.first += words
    if (range.first === range.end) this.#free = this.#free.filter(other => other !== range)
    return first
  }

  giveBack(first: number, buckets: number): void {
    const ranges = [...this.#free, { first, end: first + tableWords(buckets) }].sort(
      (a, b) => a.first - b.first,
    )
    this.#free = []
    for (const range of ranges) {
      const last = this.#free.at(-1)
      if (last !== undefined && last.end === range.first) last.end = range.end
      else this.#free.push(range)
    }
  }
}
