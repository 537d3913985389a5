// A map of the records memory as main writes it: key (kind and bytes) to value (bytes).
//
// Protocol: one writer, no locks. An entry is written whole into a block of its own, then published
// by one atomic store to its bucket. A reader that loads the bucket sees the whole entry, or does
// not see it. A block that is replaced or removed goes back to the heap, which waits until no
// reader can hold it. In the same way a table that is more than half full is replaced by a larger
// one with the same entries, and a whole version of the map by the next one (draft.ts). Weak spot:
// only review and the torture test check that readers follow the rule of custody (reader.ts).

import { type HashSeed, KeyedHash } from '../memory/keyed-hash.ts'
import { RecordsDraft } from './draft.ts'
import type { RecordsHeap } from './heap.ts'
import {
  BUCKET_DELETED,
  BUCKET_NONE,
  ENTRIES_WORD,
  ENTRY_HASH,
  ENTRY_KEY,
  ENTRY_VALUE_BYTES,
  ENTRY_WORDS,
  entryWords,
  HEADER_WORDS,
  MAX_KEY_BYTES,
  MIN_BUCKETS,
  NOTES_WORD,
  type RecordsRef,
  TABLE_WORD,
  wordsFor,
} from './layout.ts'
import { hashOfKey, isSame, RecordKey } from './reader.ts'
import {
  blocksOf,
  bucketsOf,
  clearTable,
  entriesOf,
  findBucket,
  freeBucket,
  SoughtKey,
  sizeOf,
  valueWordOf,
} from './table.ts'

/** The result of a put. `full`: there is no room, and the old entry is unchanged. */
export type PutOutcome = 'changed' | 'same' | 'full'

/** An entry that no reader sees yet: the caller that asked for it writes its value. */
export interface PreparedEntry {
  readonly kind: number
  readonly key: Uint8Array
  readonly entry: number
  /** Where the value begins, a multiple of 4, in this buffer. Its bytes are anything at first. */
  readonly buffer: SharedArrayBuffer
  readonly offset: number
}

export class RecordsMap {
  readonly ref: RecordsRef
  readonly #heap: RecordsHeap
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  readonly #header: number
  readonly #hash: KeyedHash
  readonly #key = new RecordKey()
  readonly #sought = new SoughtKey()
  /**
   * Buckets that are not BUCKET_NONE: they lengthen every search, also when their entry is gone.
   */
  #filled = 0
  #isDropped = false

  /** Throws RangeError if there is no room for an empty map. */
  constructor(buffer: SharedArrayBuffer, heap: RecordsHeap, seed: HashSeed) {
    this.#heap = heap
    this.#words = new Int32Array(buffer)
    this.#bytes = new Uint8Array(buffer)
    this.#hash = new KeyedHash(seed)
    this.#header = heap.take(HEADER_WORDS)
    const table = this.#header === 0 ? 0 : this.#newTable(MIN_BUCKETS)
    if (table === 0) throw new RangeError('the records memory is full')
    this.#words.fill(0, this.#header, this.#header + HEADER_WORDS)
    Atomics.store(this.#words, this.#header + TABLE_WORD, table)
    this.ref = { buffer, headerWord: this.#header }
  }

  get entries(): number {
    return Atomics.load(this.#words, this.#header + ENTRIES_WORD)
  }

  /** The value of a key, copied. */
  get(kind: number, key: Uint8Array): Uint8Array | undefined {
    const bucket = this.#find(kind, key)
    if (bucket < 0) return undefined
    const entry = this.#words[bucket] ?? 0
    const at = 4 * valueWordOf(this.#words, entry)
    return this.#bytes.slice(at, at + (this.#words[entry + ENTRY_VALUE_BYTES] ?? 0))
  }

  /** Kind 0 to 127; key of at most MAX_KEY_BYTES, value of any length. Both are copied. */
  put(kind: number, key: Uint8Array, value: Uint8Array): PutOutcome {
    if (key.length > MAX_KEY_BYTES || kind > 127)
      throw new RangeError(`key of kind ${kind} with ${key.length} bytes`)
    const bucket = this.#find(kind, key)
    const words = this.#words
    const old = bucket < 0 ? 0 : (words[bucket] ?? 0)
    if (old !== 0 && this.#holds(old, value)) return 'same'
    const entry = this.#newEntry(key, value)
    if (entry === 0) return 'full'
    if (this.#show(bucket, entry)) return 'changed'
    this.#heap.undo(entry, sizeOf(words, entry))
    return 'full'
  }

  /**
   * An entry for a value that is too large to be written in one go; undefined if there is no room.
   * It is to be shown or discarded.
   */
  prepare(kind: number, key: Uint8Array, valueBytes: number): PreparedEntry | undefined {
    this.#find(kind, key)
    const entry = this.#blankEntry(key, valueBytes)
    if (entry === 0) return undefined
    const offset = 4 * valueWordOf(this.#words, entry)
    return { kind, key, entry, buffer: this.ref.buffer, offset }
  }

  /** Shows a prepared entry in place of what its key has. False if there is no room for it. */
  showEntry({ kind, key, entry }: PreparedEntry): boolean {
    return this.#show(this.#find(kind, key), entry)
  }

  discardEntry({ entry }: PreparedEntry): void {
    this.#heap.undo(entry, sizeOf(this.#words, entry))
  }

  /** False if there is no such key. */
  remove(kind: number, key: Uint8Array): boolean {
    const bucket = this.#find(kind, key)
    if (bucket < 0) return false
    const entry = this.#words[bucket] ?? 0
    Atomics.store(this.#words, bucket, BUCKET_DELETED)
    Atomics.sub(this.#words, this.#header + ENTRIES_WORD, 1)
    this.#giveBack(entry)
    return true
  }

  /** Calls `visit` with each entry, an offset for the functions of table.ts. */
  walk(visit: (words: Int32Array, bytes: Uint8Array, entry: number) => void): void {
    for (const entry of entriesOf(this.#words, this.#table)) visit(this.#words, this.#bytes, entry)
  }

  note(index: number): number {
    return Atomics.load(this.#words, this.#header + NOTES_WORD + index)
  }

  setNote(index: number, value: number): void {
    Atomics.store(this.#words, this.#header + NOTES_WORD + index, value)
  }

  /**
   * The next version of the whole map, empty at first. One at a time; until it is shown or
   * discarded, nothing else may change the map.
   */
  draft(): RecordsDraft {
    const { entries } = this
    const [words, bytes, heap, hash, table] = [
      this.#words,
      this.#bytes,
      this.#heap,
      this.#hash,
      this.#table,
    ]
    return new RecordsDraft({ words, bytes, heap, hash, table, entries })
  }

  /**
   * Makes a draft of this map, sealed, the map: readers see the one version or the other. The draft
   * is of no use afterwards.
   */
  show(draft: RecordsDraft): void {
    Atomics.store(this.#words, this.#header + TABLE_WORD, draft.table)
    Atomics.store(this.#words, this.#header + ENTRIES_WORD, draft.entries)
    this.#filled = draft.entries
    this.#heap.giveBackAll(draft.goneBlocks())
  }

  /**
   * Gives everything back, once. No shard may use the map any more; the object is of no use
   * afterwards.
   */
  drop(): void {
    if (this.#isDropped) return
    this.#isDropped = true
    const table = Atomics.exchange(this.#words, this.#header + TABLE_WORD, 0)
    this.#heap.giveBackAll(blocksOf(this.#words, table))
    this.#heap.giveBack(this.#header, HEADER_WORDS)
  }

  get #table(): number {
    return this.#words[this.#header + TABLE_WORD] ?? 0
  }

  /** Word of the bucket that shows the key's entry, -1 if there is none. */
  #find(kind: number, key: Uint8Array): number {
    this.#key.set(key, 0, key.length).pad()
    this.#sought.of(kind, this.#key, hashOfKey(this.#hash, kind, this.#key))
    return Math.max(-1, findBucket(this.#words, this.#table, this.#sought))
  }

  #holds(entry: number, value: Uint8Array): boolean {
    const at = 4 * valueWordOf(this.#words, entry)
    return (
      this.#words[entry + ENTRY_VALUE_BYTES] === value.length &&
      isSame(this.#bytes, at, value, value.length)
    )
  }

  /**
   * Writes an entry that no reader sees yet, with the key that was looked for last; 0 if there is
   * no room.
   */
  #newEntry(key: Uint8Array, value: Uint8Array): number {
    const entry = this.#blankEntry(key, value.length)
    if (entry !== 0) this.#bytes.set(value, 4 * valueWordOf(this.#words, entry))
    return entry
  }

  /** The same without its value, whose last word is zero. */
  #blankEntry(key: Uint8Array, valueBytes: number): number {
    const entry = this.#heap.take(entryWords(key.length, valueBytes))
    if (entry === 0) return 0
    const words = this.#words
    words[entry + ENTRY_HASH] = this.#sought.hash
    words[entry + ENTRY_KEY] = this.#sought.head
    words[entry + ENTRY_VALUE_BYTES] = valueBytes
    const valueWord = entry + ENTRY_WORDS + wordsFor(key.length)
    if (key.length > 0) words[valueWord - 1] = 0
    if (valueBytes > 0) words[valueWord + wordsFor(valueBytes) - 1] = 0
    this.#bytes.set(key, (entry + ENTRY_WORDS) * 4)
    return entry
  }

  /** Shows an entry in the bucket of its key, or of the key looked for last. */
  #show(bucket: number, entry: number): boolean {
    const words = this.#words
    const old = bucket < 0 ? 0 : (words[bucket] ?? 0)
    const place = old === 0 ? this.#placeFor() : bucket
    if (place < 0) return false
    if (old === 0) {
      if (words[place] === BUCKET_NONE) this.#filled++
      Atomics.add(words, this.#header + ENTRIES_WORD, 1)
    }
    Atomics.store(words, place, entry)
    if (old !== 0) this.#giveBack(old)
    return true
  }

  #giveBack(entry: number): void {
    this.#heap.giveBack(entry, sizeOf(this.#words, entry))
  }

  /**
   * Word of a bucket that the key looked for last may take: a deleted one on its way, if there is
   * one; -1 if there is no room.
   */
  #placeFor(): number {
    const buckets = bucketsOf(this.#words, this.#table)
    if ((this.#filled + 1) * 2 > buckets && !this.#rebuild() && this.#filled + 2 > buckets)
      return -1
    return freeBucket(this.#words, this.#table, this.#sought.hash)
  }

  /**
   * A table for twice the entries there are, without the deleted buckets. False if there is no
   * room.
   */
  #rebuild(): boolean {
    const old = this.#table
    const words = this.#words
    let buckets = MIN_BUCKETS
    while (buckets < (this.entries + 1) * 4) buckets *= 2
    const table = this.#newTable(buckets)
    if (table === 0) return false
    let filled = 0
    for (const entry of entriesOf(words, old)) {
      words[freeBucket(words, table, words[entry + ENTRY_HASH] ?? 0)] = entry
      filled++
    }
    Atomics.store(words, this.#header + TABLE_WORD, table)
    this.#filled = filled
    this.#heap.giveBack(old, 1 + bucketsOf(words, old))
    return true
  }

  /** An empty table; 0 if there is no room. */
  #newTable(buckets: number): number {
    const table = this.#heap.take(1 + buckets)
    if (table !== 0) clearTable(this.#words, table, buckets)
    return table
  }
}
