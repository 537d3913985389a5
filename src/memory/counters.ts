// Hot path. Counters and histograms in shared memory: 64-bit numbers as two 32-bit words, low then
// high. Each row has one writer (its shard), main reads. States of a number: settled, or in a carry
// (top bit of the high word set). add: plain store to low; on a carry, atomic stores of high with
// the top bit, low, high without it. A reader takes high, low, high and reads again when the two
// highs differ or show a carry. Weak spot: a writer that dies inside a carry leaves the top bit
// set; the reader then gives up after a few tries and ignores the bit.

/**
 * What is observed: upper bounds of the buckets (ascending, without +Inf), and how many units of
 * the stored sum make one of the value.
 */
export interface HistogramShape {
  readonly bounds: readonly number[]
  readonly unitsPerOne: number
}

/** 32-bit words of one counter. */
export const COUNTER_WORDS = 2

const WORD_LIMIT = 0x1_0000_0000
const IN_CARRY = 0x8000_0000 | 0
const SIGN = 0x8000_0000 | 0
const READ_TRIES = 4

/** 32-bit words of one histogram: a counter per bucket, +Inf included, then the sum. */
export const histogramWords = (shape: HistogramShape): number =>
  (shape.bounds.length + 2) * COUNTER_WORDS

/** The counters of one shard. Never share a row: increments have no lock. */
export class CounterRow {
  readonly #words: Int32Array
  readonly #base: number

  /** `words` lies over a SharedArrayBuffer; `base` is the row's first word. */
  constructor(words: Int32Array, base: number) {
    this.#words = words
    this.#base = base
  }

  /** Adds `count`, a whole number from 0 to 2^53. */
  add(offset: number, count = 1): void {
    const words = this.#words
    const word = this.#base + offset
    const old = words[word]!
    if (count === (count | 0)) {
      // In whole 32-bit numbers: without a carry the sum, taken as unsigned, is not below what was
      // there.
      const sum = (old + count) | 0
      if ((sum ^ SIGN) >= (old ^ SIGN)) {
        words[word] = sum
        return
      }
    }
    const low = (old >>> 0) + count
    if (low < WORD_LIMIT) words[word] = low
    else carry(words, word, low)
  }

  /**
   * Counts `value` in the first bucket whose bound is not below it, `times` times. What is not
   * above 0 (NaN too) adds nothing to the sum.
   */
  observe(offset: number, shape: HistogramShape, value: number, times = 1): void {
    const bounds = shape.bounds
    const count = bounds.length
    let bucket = 0
    while (bucket < count && !(value <= bounds[bucket]!)) bucket++
    this.add(offset + bucket * COUNTER_WORDS, times)
    if (value > 0)
      this.add(offset + (count + 1) * COUNTER_WORDS, Math.round(value * shape.unitsPerOne) * times)
  }
}

const carry = (words: Int32Array, word: number, low: number): void => {
  const high = (words[word + 1]! & ~IN_CARRY) + Math.floor(low / WORD_LIMIT)
  Atomics.store(words, word + 1, high | IN_CARRY)
  Atomics.store(words, word, (low % WORD_LIMIT) | 0)
  Atomics.store(words, word + 1, high & ~IN_CARRY)
}

/** A counter's value, exact up to 2^53. `word` is absolute, not relative to a row. */
export const readCounter = (words: Int32Array, word: number): number => {
  let low = 0
  let high = 0
  for (let attempt = 0; attempt < READ_TRIES; attempt++) {
    high = Atomics.load(words, word + 1)
    low = Atomics.load(words, word)
    if (high >= 0 && Atomics.load(words, word + 1) === high) break
  }
  return (high & ~IN_CARRY) * WORD_LIMIT + (low >>> 0)
}

/**
 * A histogram's buckets (each on its own, not cumulative; the last is +Inf) and its sum in the
 * value's own unit.
 */
export const readHistogram = (
  words: Int32Array,
  word: number,
  shape: HistogramShape,
): { counts: number[]; sum: number } => {
  const counts: number[] = []
  for (let bucket = 0; bucket <= shape.bounds.length; bucket++)
    counts.push(readCounter(words, word + bucket * COUNTER_WORDS))
  return {
    counts,
    sum: readCounter(words, word + counts.length * COUNTER_WORDS) / shape.unitsPerOne,
  }
}
