// Where a shard gets a slot to write to: one it freed itself, then one never used, then a victim
// out of a few random ones. Bounded work, no waiting.

import { randomBytes } from '../base/entropy.ts'
import { EXPIRY, OWNER_MASK, STALE_UNTIL, VERSION } from './layout.ts'
import type { Slab } from './slab.ts'

/** Slots looked at for a victim. */
const SAMPLE = 8
const VICTIM_TRIES = 2
/** Freed slots remembered per class. */
const FREED_LIMIT = 64

const RANK_FRESH = 0
const RANK_STALE = 1
const RANK_USELESS = 2
const RANK_FREE = 3

/**
 * A fast generator for choices that only have to be unpredictable from outside; seeded by
 * base/entropy.ts.
 */
export class Dice {
  #state = randomBytes(4).readInt32LE(0) | 1

  /** A whole number from 0 to count - 1. */
  below(count: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return (x >>> 0) % count
  }
}

export class SlotSource {
  /** Entries, of any table, that the last take() displaced. */
  evicted = 0
  readonly #slab: Slab
  readonly #owner: number
  readonly #dice: Dice
  readonly #freed: number[][]

  constructor(slab: Slab, owner: number, dice: Dice) {
    this.#slab = slab
    this.#owner = owner
    this.#dice = dice
    this.#freed = Array.from({ length: slab.classes }, () => [])
  }

  /** Takes note of a slot that this shard has freed. A hint: others may take the slot first. */
  gaveBack(slot: number): void {
    const freed = this.#freed[this.#slab.classOf(slot)]
    if (freed !== undefined && freed.length < FREED_LIMIT) freed.push(slot)
  }

  /** A slot of class `k`, locked, and no way points to it; 0 if none could be had at once. */
  take(k: number, nowSeconds: number): number {
    this.evicted = 0
    return this.#takeFreed(k) || this.#takeUnused(k) || this.#takeVictim(k, nowSeconds)
  }

  #takeFreed(k: number): number {
    const freed = this.#freed[k]
    for (let slot = freed?.pop(); slot !== undefined; slot = freed?.pop()) {
      const word = this.#slab.wordOf(k, slot)
      const version = Atomics.load(this.#slab.words, word + VERSION)
      if (this.#slab.isFree(word) && this.#slab.tryLock(word, version, this.#owner)) return slot
    }
    return 0
  }

  #takeUnused(k: number): number {
    const slot = this.#slab.nextUnused(k)
    if (slot === 0) return 0
    const word = this.#slab.wordOf(k, slot)
    return this.#lockVictim(slot, word, Atomics.load(this.#slab.words, word + VERSION)) ? slot : 0
  }

  #takeVictim(k: number, nowSeconds: number): number {
    const used = this.#slab.used(k)
    for (let attempt = 0; attempt < VICTIM_TRIES && used > 0; attempt++) {
      let best = 0
      let bestRank = -1
      let bestVersion = 0
      for (let n = 0; n < SAMPLE && bestRank !== RANK_FREE; n++) {
        const slot = this.#slab.firstSlotOf(k) + this.#dice.below(used)
        const word = this.#slab.wordOf(k, slot)
        const version = Atomics.load(this.#slab.words, word + VERSION)
        const rank = (version & OWNER_MASK) !== 0 ? -1 : rankSlot(this.#slab, word, nowSeconds)
        if (rank <= bestRank) continue
        best = slot
        bestRank = rank
        bestVersion = version
      }
      if (best !== 0 && this.#lockVictim(best, this.#slab.wordOf(k, best), bestVersion)) return best
    }
    return 0
  }

  #lockVictim(slot: number, word: number, version: number): boolean {
    if (!this.#slab.tryLock(word, version, this.#owner)) return false
    if (!this.#slab.isFree(word) && this.#slab.unlink(slot, word)) this.evicted++
    return true
  }
}

/** How gladly a slot is given up. */
export const rankSlot = (slab: Slab, slotWord: number, nowSeconds: number): number => {
  if (slab.isFree(slotWord)) return RANK_FREE
  if (slab.words[slotWord + STALE_UNTIL]! <= nowSeconds) return RANK_USELESS
  return slab.words[slotWord + EXPIRY]! <= nowSeconds ? RANK_STALE : RANK_FRESH
}
