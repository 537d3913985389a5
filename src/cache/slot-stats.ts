// Hot path. Statistics of an entry, apart from its contents: how popular it is, and when it may be
// refreshed again. They are relaxed words of its slot: updates that several shards make at the same
// instant may be lost, which is harmless.

import type { CacheHit } from './hit.ts'
import { HITS, LAST_HIT, NOT_BEFORE, VERSION } from './layout.ts'
import type { Slab } from './slab.ts'

export class EntryNotes {
  readonly #words: Int32Array

  constructor(slab: Slab) {
    this.#words = slab.words
  }

  /**
   * Counts this hit and returns how many there were: one more if the last was at most
   * `windowSeconds` ago, else 1 again.
   */
  popularity(hit: CacheHit, nowSeconds: number, windowSeconds: number): number {
    const hits = this.nextPopularity(hit, nowSeconds, windowSeconds)
    if (this.#isCurrent(hit)) {
      this.#words[hit.slotWord + HITS] = hits
      this.#words[hit.slotWord + LAST_HIT] = nowSeconds
    }
    return hits
  }

  /** What popularity would return, without counting. */
  nextPopularity(hit: CacheHit, nowSeconds: number, windowSeconds: number): number {
    const words = this.#words
    return words[hit.slotWord + LAST_HIT]! < nowSeconds - windowSeconds
      ? 1
      : words[hit.slotWord + HITS]! + 1
  }

  /** What setNotBefore put down for this entry; 0 if nothing, or if the entry has been replaced. */
  notBefore(hit: CacheHit): number {
    const seconds = this.#words[hit.slotWord + NOT_BEFORE]!
    return this.#isCurrent(hit) ? seconds : 0
  }

  /**
   * Leaves a note to all shards with the entry: monotonic seconds until which a failed refresh is
   * not tried again.
   */
  setNotBefore(hit: CacheHit, seconds: number): void {
    if (this.#isCurrent(hit)) this.#words[hit.slotWord + NOT_BEFORE] = seconds
  }

  #isCurrent(hit: CacheHit): boolean {
    return Atomics.load(this.#words, hit.slotWord + VERSION) === hit.version
  }
}
