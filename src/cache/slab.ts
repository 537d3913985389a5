// Hot path. The slots of the answer store: where each lies, who may write it, and the index way
// that points to it. It does not know keys or messages.
//
// States of a slot: free (owner 0, lengths 0), filled (owner 0), locked (owner not 0). Transitions:
//
// - free or filled -> locked: by compare-exchange, by any shard. No shard waits for a lock.
// - locked -> free or filled: by its owner only, which adds 1 to seq.
// - locked -> filled with the same seq: when the owner has changed nothing.
// - locked -> free: by main, when the owner is dead.
//
// Links: a way is pointed to slot S, or away from it, only under the lock of S. (Main also clears
// the ways of a dropped table.) So a filled slot is reachable by exactly the way that it names, and
// the shard that frees it can clear that way, whichever table it belongs to. Under the lock only
// the way that the slot names counts, not one that was read before the lock.
//
// Count: a shard that fills an empty way adds 1 to the table's entries afterwards. A shard that
// empties one subtracts 1. After a death between the two, main counts the entries again.

import {
  CLASS_HEADER_WORDS,
  classWords,
  LENGTHS,
  OWNER_MASK,
  SEQ_STEP,
  SLOT_MASK,
  type SlabGeometry,
  TABLE,
  TABLE_ENTRIES,
  TABLE_HEADER,
  TABLE_ID,
  VERSION,
  WAY,
} from './layout.ts'

export class Slab {
  readonly words: Int32Array
  readonly bytes: Uint8Array
  readonly halves: Uint16Array
  readonly index: Int32Array
  readonly classes: number
  readonly #firstWord: Int32Array
  readonly #firstSlot: Int32Array
  readonly #slotWords: Int32Array

  constructor(slab: SharedArrayBuffer, index: SharedArrayBuffer, geometry: SlabGeometry) {
    this.words = new Int32Array(slab)
    this.bytes = new Uint8Array(slab)
    this.halves = new Uint16Array(slab)
    this.index = new Int32Array(index)
    this.classes = geometry.length
    this.#firstWord = Int32Array.from(classWords(geometry))
    this.#slotWords = Int32Array.from(geometry, ({ slotBytes }) => slotBytes / 4)
    this.#firstSlot = new Int32Array(geometry.length + 1)
    this.#firstSlot[0] = 1
    for (const [k, { slots }] of geometry.entries())
      this.#firstSlot[k + 1] = this.#firstSlot[k]! + slots
  }

  /** The class of a slot number, -1 for a number that is none. */
  classOf(slot: number): number {
    if (slot < 1) return -1
    for (let k = 0; k < this.classes; k++) if (slot < this.#firstSlot[k + 1]!) return k
    return -1
  }

  /** The smallest class with room for that many words, -1 when none has. */
  classFor(words: number): number {
    for (let k = 0; k < this.classes; k++) {
      if (words <= this.#slotWords[k]! && this.#firstSlot[k + 1]! > this.#firstSlot[k]!) return k
    }
    return -1
  }

  firstSlotOf(k: number): number {
    return this.#firstSlot[k]!
  }
  slotsOf(k: number): number {
    return this.#firstSlot[k + 1]! - this.#firstSlot[k]!
  }
  slotWordsOf(k: number): number {
    return this.#slotWords[k]!
  }
  /** First word of a slot of class `k`. */
  wordOf(k: number, slot: number): number {
    return this.#firstWord[k]! + (slot - this.#firstSlot[k]!) * this.#slotWords[k]!
  }

  /** Slots of class `k` ever used; those behind them were never touched and cost no memory. */
  used(k: number): number {
    return Math.min(Atomics.load(this.words, k * CLASS_HEADER_WORDS), this.slotsOf(k))
  }
  /** Hands out one more never used slot, 0 when there is none left. */
  nextUnused(k: number): number {
    const word = k * CLASS_HEADER_WORDS
    if (Atomics.load(this.words, word) >= this.slotsOf(k)) return 0
    const n = Atomics.add(this.words, word, 1)
    return n < this.slotsOf(k) ? this.#firstSlot[k]! + n : 0
  }

  isFree(slotWord: number): boolean {
    return this.words[slotWord + LENGTHS] === 0
  }

  /**
   * Locks the slot if its version is still `version`, which has owner 0: all that was read since
   * then is true. False: somebody else was faster.
   */
  tryLock(slotWord: number, version: number, owner: number): boolean {
    if ((version & OWNER_MASK) !== 0) return false
    const locked = version | owner
    if (Atomics.compareExchange(this.words, slotWord + VERSION, version, locked) !== version)
      return false
    // On ARM64 the plain stores that follow might overtake the exchange's own store; none overtakes
    // a load-acquire behind it.
    return Atomics.load(this.words, slotWord + VERSION) === locked
  }

  /** Ends the lock after a change. */
  unlock(slotWord: number): void {
    Atomics.store(
      this.words,
      slotWord + VERSION,
      nextVersion(Atomics.load(this.words, slotWord + VERSION)),
    )
  }

  /** Ends the lock when nothing was changed. */
  unlockUnchanged(slotWord: number): void {
    Atomics.store(
      this.words,
      slotWord + VERSION,
      Atomics.load(this.words, slotWord + VERSION) & ~OWNER_MASK,
    )
  }

  /** Ends the lock and leaves the slot free. Its way must have been unlinked. */
  free(slotWord: number): void {
    this.words[slotWord + LENGTHS] = 0
    this.words[slotWord + TABLE] = 0
    this.unlock(slotWord)
  }

  /** Empties the way that points to this locked slot; false when none did. */
  unlink(slot: number, slotWord: number): boolean {
    const way = this.words[slotWord + WAY]!
    if (way <= 0 || way >= this.index.length) return false
    const value = Atomics.load(this.index, way)
    if (
      (value & SLOT_MASK) !== slot ||
      Atomics.compareExchange(this.index, way, value, 0) !== value
    )
      return false
    this.#countLost(this.words[slotWord + TABLE_HEADER]!, this.words[slotWord + TABLE]!)
    return true
  }

  #countLost(header: number, table: number): void {
    if (
      header < 0 ||
      header >= this.index.length ||
      Atomics.load(this.index, header + TABLE_ID) !== table
    )
      return
    Atomics.sub(this.index, header + TABLE_ENTRIES, 1)
  }
}

/** The version after a change by the holder of the lock. */
export const nextVersion = (locked: number): number => ((locked & ~OWNER_MASK) + SEQ_STEP) | 0
