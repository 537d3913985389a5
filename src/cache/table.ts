// Hot path. One table of the answer store, as a shard sees it: find, put, remove. Ways are hints;
// the slot's full key decides. A slot that is busy is a miss for a reader and a skipped insert for
// a writer: nothing here waits or spins. The caller decides whether an entry is fresh.

import { CacheHit } from './hit.ts'
import { CacheKey } from './key.ts'
import {
  MAX_MESSAGE_BYTES,
  OWNER_MAIN,
  SLOT_MASK,
  slotWordsFor,
  TABLE,
  TABLE_ENTRIES,
  TABLE_HEADER_WORDS,
  TABLE_ID,
  VERSION,
  WAY,
  WAYS,
} from './layout.ts'
import { Slab } from './slab.ts'
import { type Entry, type EntryMeta, matchSlot, NO_MATCH, readSlot, writeSlot } from './slot-io.ts'
import { Dice, rankSlot, SlotSource } from './slot-source.ts'
import { EntryNotes } from './slot-stats.ts'
import type { CacheTableRef } from './table-ref.ts'

export { CacheHit } from './hit.ts'
export type { EntryMeta } from './slot-io.ts'

export interface PutResult {
  readonly stored: boolean
  /**
   * Entries of any table that were displaced. The replaced entry of an equal key does not count.
   */
  readonly evicted: number
}

/** Buckets tried for an entry to displace when the table is at its capacity. */
const EVICT_TRIES = 16

export class CacheTable {
  readonly #ref: CacheTableRef
  readonly #owner: number
  readonly #slab: Slab
  readonly #slots: SlotSource
  readonly #dice = new Dice()
  readonly #firstBucket: number
  /** Statistics of entries, apart from their contents. */
  readonly notes: EntryNotes

  /**
   * `owner` is shard + 1, up to 254. One object per shard: it remembers slots that this shard
   * freed.
   */
  constructor(ref: CacheTableRef, owner: number) {
    if (!(owner >= 1 && owner < OWNER_MAIN)) throw new RangeError(`cache table: owner ${owner}`)
    this.#ref = ref
    this.#owner = owner
    this.#slab = new Slab(ref.slab, ref.index, ref.geometry)
    this.notes = new EntryNotes(this.#slab)
    this.#slots = new SlotSource(this.#slab, owner, this.#dice)
    this.#firstBucket = ref.headerWord + TABLE_HEADER_WORDS
  }

  /** A reusable key; it fits every table of the process. */
  newKey(): CacheKey {
    return new CacheKey(this.#ref.seed)
  }

  newHit(): CacheHit {
    return new CacheHit()
  }

  /** Entries now, fresh or not. */
  get entries(): number {
    return this.#ref.buckets === 0
      ? 0
      : Atomics.load(this.#slab.index, this.#ref.headerWord + TABLE_ENTRIES)
  }

  /** Copies the entry of this key into `hit`. Expired entries are found too. */
  find(key: CacheKey, hit: CacheHit): boolean {
    hit.isTooLarge = false
    if (this.#ref.buckets === 0) return false
    const slab = this.#slab
    const bucket = this.#bucketOf(key.hashLow)
    const tag = key.hashHigh >>> 24
    for (let way = bucket; way < bucket + WAYS; way++) {
      const value = slab.index[way]!
      if (value >>> 24 !== tag) continue
      const k = slab.classOf(value & SLOT_MASK)
      if (k < 0) continue
      const word = slab.wordOf(k, value & SLOT_MASK)
      const version = matchSlot(slab, word, key, this.#ref.id)
      if (
        version !== NO_MATCH &&
        readSlot(slab, word, slab.slotWordsOf(k), key, this.#ref.id, version, hit)
      )
        return true
    }
    return false
  }

  /**
   * Stores an answer in place of the one with the same key, if there is one. Not stored: a message
   * of less than 12 or more than 65535 bytes, one that no slot is large enough for, or when another
   * shard was busy at the same place. Both buffers are copied.
   */
  put(
    key: CacheKey,
    meta: EntryMeta,
    message: Uint8Array,
    ttlOffsets: readonly number[] | Uint16Array,
    nowSeconds: number,
  ): PutResult {
    if (message.length < 12 || message.length > MAX_MESSAGE_BYTES) return SKIPPED
    const k = this.#slab.classFor(slotWordsFor(key.length, message.length, ttlOffsets.length))
    if (k < 0 || ttlOffsets.length > 0xffff || !this.#isAlive()) return SKIPPED
    const entry = { key, meta, message, ttlOffsets }
    const bucket = this.#bucketOf(key.hashLow)
    const tag = key.hashHigh >>> 24
    for (let way = bucket; way < bucket + WAYS; way++) {
      const value = Atomics.load(this.#slab.index, way)
      const slot = value >>> 24 === tag ? value & SLOT_MASK : 0
      const version = this.#match(slot, key)
      if (version !== NO_MATCH) return this.#replace(entry, slot, version, k, nowSeconds)
    }
    return this.#insert(entry, bucket, k, nowSeconds)
  }

  /** Removes the entry of this key; false if there is none, or if it is being written just now. */
  remove(key: CacheKey): boolean {
    return this.#ref.buckets > 0 && this.#removeFrom(key, -1)
  }

  /** Whether there seems to be an entry of this key; nothing is copied. */
  has(key: CacheKey): boolean {
    // A plain read: an entry that another shard is just adding may be missed, as it may by a look
    // that comes a moment too early.
    if (this.#ref.buckets === 0 || this.#slab.index[this.#ref.headerWord + TABLE_ENTRIES]! <= 0)
      return false
    const bucket = this.#bucketOf(key.hashLow)
    const tag = key.hashHigh >>> 24
    for (let way = bucket; way < bucket + WAYS; way++) {
      const value = this.#slab.index[way]!
      if (value >>> 24 === tag && this.#match(value & SLOT_MASK, key) !== NO_MATCH) return true
    }
    return false
  }

  #isAlive(): boolean {
    return (
      this.#ref.buckets > 0 &&
      Atomics.load(this.#slab.index, this.#ref.headerWord + TABLE_ID) === this.#ref.id
    )
  }

  #bucketOf(hashLow: number): number {
    return this.#firstBucket + (hashLow & (this.#ref.buckets - 1)) * WAYS
  }

  #match(slot: number, key: CacheKey): number {
    const k = this.#slab.classOf(slot)
    return k < 0 ? NO_MATCH : matchSlot(this.#slab, this.#slab.wordOf(k, slot), key, this.#ref.id)
  }

  #wordOf(slot: number): number {
    return this.#slab.wordOf(this.#slab.classOf(slot), slot)
  }

  #free(slot: number): void {
    this.#slab.free(this.#wordOf(slot))
    this.#slots.gaveBack(slot)
  }

  /**
   * Over the same slot if it is of the right size, else into a new one to which the way then
   * points.
   */
  #replace(entry: Entry, slot: number, version: number, k: number, nowSeconds: number): PutResult {
    const slab = this.#slab
    const word = this.#wordOf(slot)
    if (!slab.tryLock(word, version, this.#owner)) return SKIPPED
    // Not the way that led here: the version was read after that way, and in between the slot may
    // have been freed and filled again with this very key, by another way of the bucket.
    const way = slab.words[word + WAY]!
    if (slab.classOf(slot) === k) {
      this.#write(word, entry, way, nowSeconds)
      slab.unlock(word)
      this.#removeFrom(entry.key, way)
      return STORED
    }
    const fresh = this.#slots.take(k, nowSeconds)
    const evicted = this.#slots.evicted
    if (fresh === 0) {
      slab.unlockUnchanged(word)
      return { stored: false, evicted }
    }
    this.#write(this.#wordOf(fresh), entry, way, nowSeconds)
    const value = Atomics.load(slab.index, way)
    const isOurs = (value & SLOT_MASK) === slot
    const stored =
      isOurs &&
      Atomics.compareExchange(slab.index, way, value, (value & ~SLOT_MASK) | fresh) === value
    if (stored) slab.unlock(this.#wordOf(fresh))
    else this.#free(fresh)
    this.#free(slot)
    this.#removeFrom(entry.key, way)
    return { stored, evicted }
  }

  #insert(entry: Entry, bucket: number, k: number, nowSeconds: number): PutResult {
    const slab = this.#slab
    // Twice, so that a table which several shards have carried over its capacity at once comes back
    // to it.
    let evicted = 0
    for (let n = 0; n < 2 && this.entries >= this.#ref.capacity; n++)
      evicted += this.#evictAnywhere(nowSeconds)
    if (this.entries >= this.#ref.capacity) return { stored: false, evicted }
    if (this.#emptyWay(bucket) === 0) evicted += this.#evictFrom(bucket, nowSeconds)
    const slot = this.#slots.take(k, nowSeconds)
    evicted += this.#slots.evicted
    if (slot === 0) return { stored: false, evicted }
    const way = this.#publish(entry, bucket, slot, nowSeconds)
    if (way === 0) {
      this.#free(slot)
      return { stored: false, evicted }
    }
    Atomics.add(slab.index, this.#ref.headerWord + TABLE_ENTRIES, 1)
    slab.unlock(this.#wordOf(slot))
    this.#removeFrom(entry.key, way)
    return { stored: true, evicted }
  }

  /**
   * Fills the slot and points an empty way to it while it is still locked, so that a death leaves
   * no slot that nothing points to.
   */
  #publish(entry: Entry, bucket: number, slot: number, nowSeconds: number): number {
    const way = this.#emptyWay(bucket)
    if (way === 0) return 0
    this.#write(this.#wordOf(slot), entry, way, nowSeconds)
    const value = (entry.key.hashHigh & ~SLOT_MASK) | slot
    return Atomics.compareExchange(this.#slab.index, way, 0, value) === 0 ? way : 0
  }

  #write(word: number, entry: Entry, way: number, nowSeconds: number): void {
    this.#slab.words[word + WAY] = way
    writeSlot(this.#slab, word, entry, this.#ref.id, this.#ref.headerWord, nowSeconds)
  }

  #emptyWay(bucket: number): number {
    for (let way = bucket; way < bucket + WAYS; way++)
      if (Atomics.load(this.#slab.index, way) === 0) return way
    return 0
  }

  #evictAnywhere(nowSeconds: number): number {
    for (let n = 0; n < EVICT_TRIES; n++) {
      const bucket = this.#firstBucket + this.#dice.below(this.#ref.buckets) * WAYS
      if (this.#evictFrom(bucket, nowSeconds) === 1) return 1
    }
    return 0
  }

  /**
   * Displaces one entry of the bucket, a useless or stale one if there is one, else a random one; 0
   * if all are busy or none is there.
   */
  #evictFrom(bucket: number, nowSeconds: number): number {
    const slab = this.#slab
    const start = this.#dice.below(WAYS)
    let best = 0
    let bestRank = -1
    let bestVersion = 0
    for (let n = 0; n < WAYS; n++) {
      const way = bucket + ((start + n) % WAYS)
      const slot = Atomics.load(slab.index, way) & SLOT_MASK
      if (slab.classOf(slot) < 0) continue
      const word = this.#wordOf(slot)
      const version = Atomics.load(slab.words, word + VERSION)
      const isMine = slab.words[word + TABLE] === this.#ref.id && slab.words[word + WAY] === way
      const rank = isMine ? rankSlot(slab, word, nowSeconds) : -1
      if (rank <= bestRank) continue
      best = slot
      bestRank = rank
      bestVersion = version
    }
    return best !== 0 && this.#drop(best, bestVersion) ? 1 : 0
  }

  /** Frees a slot that had this version; false if it is busy or has changed. */
  #drop(slot: number, version: number): boolean {
    const word = this.#wordOf(slot)
    if (!this.#slab.tryLock(word, version, this.#owner)) return false
    const linked = this.#slab.unlink(slot, word)
    this.#free(slot)
    return linked
  }

  /**
   * Frees every entry of this key but the one at `kept`: two shards that insert one key at once
   * leave two, until the next put.
   */
  #removeFrom(key: CacheKey, kept: number): boolean {
    const bucket = this.#bucketOf(key.hashLow)
    const tag = key.hashHigh >>> 24
    let removed = false
    for (let way = bucket; way < bucket + WAYS; way++) {
      const value = Atomics.load(this.#slab.index, way)
      if (way === kept || value >>> 24 !== tag) continue
      const version = this.#match(value & SLOT_MASK, key)
      if (version !== NO_MATCH && this.#drop(value & SLOT_MASK, version)) removed = true
    }
    return removed
  }
}

const SKIPPED: PutResult = Object.freeze({ stored: false, evicted: 0 })
const STORED: PutResult = Object.freeze({ stored: true, evicted: 0 })
