// The answer store as main sees it: its memory, its tables, and the sweep after a shard's death. It
// finds and stores nothing itself.

import { randomBytes } from '../base/entropy.ts'
import { type HashSeed, newHashSeed } from '../memory/keyed-hash.ts'
import { sharedBuffer } from '../memory/shared-buffer.ts'
import { IndexArena } from './index-arena.ts'
import {
  geometryFor,
  MAX_CACHE_BYTES,
  MIN_CACHE_BYTES,
  OWNER_MAIN,
  OWNER_MASK,
  type SlabGeometry,
  slabBytes,
  TABLE,
  TABLE_ENTRIES,
  TABLE_HEADER_WORDS,
  TABLE_ID,
  tableWords,
  totalSlots,
  VERSION,
  WAYS,
} from './layout.ts'
import { Slab } from './slab.ts'
import type { CacheTableRef, TableCapacity, TablePart } from './table-ref.ts'

/**
 * Ways per entry of capacity, before rounding up to a power of two: at most half full, 2 buckets in
 * 100 overflow.
 */
const WAYS_PER_ENTRY = 2
/**
 * The same for a part of the memory: it counts slots of all sizes, and most answers are of one
 * size. A larger index would have more lines that processors must fetch.
 */
const WAYS_PER_ENTRY_OF_PART = 1
/** Counting takes microseconds: even under many puts one of these is not disturbed. */
const RECOUNT_TRIES = 8

interface TableSize {
  /** A power of two; 0 if there is no room. */
  readonly buckets: number
  readonly capacity: number
  readonly requested: number
}

export class CacheMemory {
  readonly #slabBuffer: SharedArrayBuffer
  readonly #indexBuffer: SharedArrayBuffer
  readonly #geometry: SlabGeometry
  readonly #slab: Slab
  readonly #arena: IndexArena
  readonly #seed = newHashSeed(randomBytes(8))
  readonly #tables = new Map<string, CacheTableRef>()
  /**
   * Dropped, while a shard still holds a slot of theirs: it will touch the index there once more.
   */
  #lingering: readonly CacheTableRef[] = []
  #lastId = 0

  /**
   * Reserves the memory: 7/8 for answers, 1/8 for the index. The system commits pages as they are
   * used. Throws RangeError outside MIN_CACHE_BYTES to MAX_CACHE_BYTES. `geometry` replaces the
   * usual size classes (tests).
   */
  constructor(cacheBytes: number, geometry?: SlabGeometry) {
    if (!(cacheBytes >= MIN_CACHE_BYTES && cacheBytes <= MAX_CACHE_BYTES)) {
      throw new RangeError(
        `cache size of ${cacheBytes} bytes is not between ${MIN_CACHE_BYTES} and ${MAX_CACHE_BYTES}`,
      )
    }
    const indexBytes = Math.floor(cacheBytes / 8 / 64) * 64
    this.#geometry = geometry ?? geometryFor(cacheBytes - indexBytes)
    this.#slabBuffer = sharedBuffer(slabBytes(this.#geometry))
    this.#indexBuffer = sharedBuffer(indexBytes)
    this.#slab = new Slab(this.#slabBuffer, this.#indexBuffer, this.#geometry)
    this.#arena = new IndexArena(indexBytes / 4)
  }

  /**
   * The table of that identity and capacity, new or as it is. `capacity` of the result may be
   * smaller than asked for: never more than there are slots, and never more than half of the free
   * index, so that one table leaves room for others.
   */
  table(identity: string, capacity: TableCapacity): CacheTableRef {
    const isPart = typeof capacity !== 'number'
    const name = `${isPart ? `part ${capacity.part}` : capacity} ${identity}`
    const known = this.#tables.get(name)
    if (known !== undefined) return known
    this.#drop(this.#lingering)
    const ref = isPart ? this.#newPart(capacity) : this.#newTable(capacity, WAYS_PER_ENTRY)
    this.#tables.set(name, ref)
    return ref
  }

  /**
   * Drops all other tables with their entries. Only once no shard serves a generation that uses
   * them.
   */
  keepOnly(refs: Iterable<CacheTableRef>): void {
    const kept = new Set([...refs].map(ref => ref.id))
    const dropped: CacheTableRef[] = []
    for (const [name, ref] of this.#tables) {
      if (kept.has(ref.id)) continue
      dropped.push(ref)
      this.#tables.delete(name)
    }
    this.#drop([...this.#lingering, ...dropped])
  }

  /** The seed of all keys: the fast path makes them before it knows the table. */
  get seed(): HashSeed {
    return this.#seed
  }

  /**
   * Frees the slots that a dead owner (shard + 1) was writing; returns how many. Only after the
   * worker's `exit` event.
   */
  sweep(deadOwner: number): number {
    if (!(deadOwner >= 1 && deadOwner < OWNER_MAIN))
      throw new RangeError(`cache sweep: owner ${deadOwner}`)
    let freed = 0
    this.#forEachSlot((slot, word) => {
      if ((Atomics.load(this.#slab.words, word + VERSION) & OWNER_MASK) !== deadOwner) return
      this.#slab.unlink(slot, word)
      this.#slab.free(word)
      freed++
    })
    for (const ref of this.#tables.values()) this.#recount(ref)
    return freed
  }

  /** What answers have taken of the memory at one time or another. It is not given back. */
  get usedBytes(): number {
    let words = 0
    for (let k = 0; k < this.#slab.classes; k++)
      words += this.#slab.used(k) * this.#slab.slotWordsOf(k)
    return words * 4
  }

  /** Entries in a table now. */
  entries(ref: CacheTableRef): number {
    return ref.buckets === 0
      ? 0
      : Math.max(0, Atomics.load(this.#slab.index, ref.headerWord + TABLE_ENTRIES))
  }

  /**
   * Parts take half of the index together. Those that come later, and those of a new generation
   * while the old one has its own, are of the least size: the other half is for them.
   */
  #newPart({ part, least }: TablePart): CacheTableRef {
    const slots = Math.max(0, Math.floor(part * totalSlots(this.#geometry)))
    const few = Math.min(slots, least)
    const buckets = bucketsFor(slots * WAYS_PER_ENTRY_OF_PART)
    const left = this.#arena.largest - tableWords(buckets)
    const isSmall = buckets === bucketsFor(few * WAYS_PER_ENTRY_OF_PART)
    if (left < (isSmall ? 0 : this.#slab.index.length / 2))
      return this.#newTable(few, WAYS_PER_ENTRY_OF_PART)
    return this.#made({ buckets, capacity: slots, requested: slots })
  }

  #newTable(asked: number, waysPerEntry: number): CacheTableRef {
    const requested = Math.max(0, Math.floor(asked))
    const capacity = Math.min(requested, totalSlots(this.#geometry))
    const room = Math.floor((this.#arena.largest / 2 - TABLE_HEADER_WORDS) / WAYS)
    let buckets = bucketsFor(capacity * waysPerEntry)
    while (buckets > room && buckets > 1) buckets /= 2
    if (capacity === 0 || room < 1) buckets = 0
    const most = (buckets * WAYS) / waysPerEntry
    return this.#made({ buckets, capacity: Math.min(capacity, most), requested })
  }

  #made({ buckets, capacity, requested }: TableSize): CacheTableRef {
    const headerWord = buckets > 0 ? this.#arena.take(buckets) : 0
    const id = ++this.#lastId
    if (headerWord > 0) {
      this.#slab.index.fill(0, headerWord, headerWord + tableWords(buckets))
      Atomics.store(this.#slab.index, headerWord + TABLE_ID, id)
    }
    return {
      id,
      capacity: headerWord > 0 ? capacity : 0,
      requestedCapacity: requested,
      slab: this.#slabBuffer,
      geometry: this.#geometry,
      index: this.#indexBuffer,
      headerWord,
      buckets: headerWord > 0 ? buckets : 0,
      seed: this.#seed,
    }
  }

  #drop(refs: readonly CacheTableRef[]): void {
    if (refs.length === 0) return
    const ids = new Set(refs.map(ref => ref.id))
    for (const ref of refs)
      if (ref.buckets > 0) Atomics.store(this.#slab.index, ref.headerWord + TABLE_ID, 0)
    const held = new Set<number>()
    this.#forEachSlot((slot, word) => {
      const id = this.#dropSlot(slot, word, ids)
      if (id !== 0) held.add(id)
    })
    this.#lingering = refs.filter(ref => held.has(ref.id))
    for (const ref of refs)
      if (ref.buckets > 0 && !held.has(ref.id)) this.#arena.giveBack(ref.headerWord, ref.buckets)
  }

  /**
   * Frees the slot if it is of one of these tables. The table's id if a shard holds the slot just
   * now, to empty its way and count it lost.
   */
  #dropSlot(slot: number, word: number, ids: ReadonlySet<number>): number {
    const version = Atomics.load(this.#slab.words, word + VERSION)
    const id = Atomics.load(this.#slab.words, word + TABLE)
    if (!ids.has(id)) return 0
    if (!this.#slab.tryLock(word, version, OWNER_MAIN)) return id
    // The lock says that the version did not change, so neither did the table that was read after
    // it.
    this.#slab.unlink(slot, word)
    this.#slab.free(word)
    return 0
  }

  /**
   * Counts the ways again: a shard that died between a way and the count left the count wrong by
   * one. Where the count moves on meanwhile, what was counted is history, and counting begins
   * again. Shards that are just now between a way and the count may each put it out by one, until
   * the next sweep.
   */
  #recount(ref: CacheTableRef): void {
    if (ref.buckets === 0) return
    const index = this.#slab.index
    const word = ref.headerWord + TABLE_ENTRIES
    for (let attempt = 0; attempt < RECOUNT_TRIES; attempt++) {
      const counted = Atomics.load(index, word)
      const entries = this.#waysInUse(ref)
      if (Atomics.compareExchange(index, word, counted, entries) === counted) return
    }
  }

  #waysInUse(ref: CacheTableRef): number {
    const first = ref.headerWord + TABLE_HEADER_WORDS
    const end = ref.headerWord + tableWords(ref.buckets)
    let ways = 0
    for (let way = first; way < end; way++) if (this.#slab.index[way] !== 0) ways++
    return ways
  }

  #forEachSlot(task: (slot: number, slotWord: number) => void): void {
    for (let k = 0; k < this.#slab.classes; k++) {
      const first = this.#slab.firstSlotOf(k)
      const end = first + this.#slab.used(k)
      for (let slot = first; slot < end; slot++) task(slot, this.#slab.wordOf(k, slot))
    }
  }
}

/** The power of two that has so many ways, at least. */
const bucketsFor = (ways: number): number => {
  let buckets = 1
  while (buckets * WAYS < ways) buckets *= 2
  return buckets
}
