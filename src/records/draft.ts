// The next version of a whole map, built next to the one that shards read: main adds to it for as
// long as it takes, and map.ts publishes it by one store. An entry that has not changed is shared
// with the map. So a version costs memory only for its new entries, and finding the changes needs
// no copy of the old version.
//
// A draft's table is a table of the map (layout.ts) with one difference: a bucket whose entry only
// the draft has carries the mark OWN. Such an entry may still change.
//
// Functions that walk the whole draft are generators: between two steps main may do other work, but
// must not change this map.

import type { KeyedHash } from '../memory/keyed-hash.ts'
import { blockWords } from './free-blocks.ts'
import type { RecordsHeap } from './heap.ts'
import {
  ENTRY_HASH,
  ENTRY_KEY,
  ENTRY_VALUE_BYTES,
  ENTRY_WORDS,
  entryWords,
  MIN_BUCKETS,
  wordsFor,
} from './layout.ts'
import { hashOfKey, RecordKey } from './reader.ts'
import {
  bucketsOf,
  clearTable,
  entriesOf,
  entryIn,
  findBucket,
  freeBucket,
  haveSameValue,
  keyBytesOf,
  OFFSET_MASK,
  SoughtKey,
  sizeOf,
  valueWordOf,
} from './table.ts'
import { WordList } from './word-list.ts'

const OWN = 2 ** 30
/**
 * Buckets that are walked in one step: about a millisecond, most of which is waiting for memory.
 */
const STEP_BUCKETS = 8192

/** What a draft is made of; `table` and `entries` are the map's. */
export interface DraftGround {
  readonly words: Int32Array
  readonly bytes: Uint8Array
  readonly heap: RecordsHeap
  readonly hash: KeyedHash
  readonly table: number
  readonly entries: number
}

/**
 * Called with an entry that comes, changes or goes: of its new version, or of the last one that
 * there was.
 */
export type OnChange = (entry: number) => void

export class RecordsDraft {
  /** What `find` looks for: write it here, then call `find`. */
  readonly key = new RecordKey()
  readonly words: Int32Array
  readonly bytes: Uint8Array
  readonly #heap: RecordsHeap
  readonly #hash: KeyedHash
  /** The map's table. */
  readonly #before: number
  readonly #beforeEntries: number
  readonly #sought = new SoughtKey()
  #table: number
  #entries = 0
  /** What find has found, or the complement of the bucket that is free for it. */
  #bucket = 0
  /** Entries that the map has not, once they are settled. */
  readonly #come = new WordList()
  /** Entries of the map that are not in the draft. */
  readonly #gone = new WordList()

  /** Throws RangeError if there is no room for a table. */
  constructor({ words, bytes, heap, hash, table, entries }: DraftGround) {
    this.words = words
    this.bytes = bytes
    this.#heap = heap
    this.#hash = hash
    this.#before = table
    this.#beforeEntries = entries
    let buckets = MIN_BUCKETS
    while (buckets < 2 * entries) buckets *= 2
    this.#table = this.#newTable(buckets)
    if (this.#table === 0) throw new RangeError('the records memory is full')
  }

  get entries(): number {
    return this.#entries
  }
  get table(): number {
    return this.#table
  }

  /** Whether the draft has an entry with the kind and `key`. */
  find(kind: number): boolean {
    const { key } = this
    key.pad()
    this.#bucket = findBucket(
      this.words,
      this.#table,
      this.#sought.of(kind, key, hashOfKey(this.#hash, kind, key)),
    )
    return this.#bucket >= 0
  }

  /**
   * What the last call of find, add or insert was about; an offset for the functions of table.ts.
   */
  get entry(): number {
    return (this.words[this.#bucket] ?? 0) & OFFSET_MASK
  }

  /** Offset of the value's first byte in `bytes`. */
  get valueAt(): number {
    return 4 * valueWordOf(this.words, this.entry)
  }

  get valueBytes(): number {
    return this.words[this.entry + ENTRY_VALUE_BYTES] ?? 0
  }

  /**
   * Gives the key that find has not found the first `length` bytes of `value`. False if there is no
   * room.
   */
  add(value: Uint8Array, length: number): boolean {
    if (4 * (this.#entries + 1) > 3 * bucketsOf(this.words, this.#table) && !this.#growNow())
      return false
    const old = this.#findBefore()
    const isShared = old !== 0 && this.#hasValue(old, value, length)
    const entry = isShared ? old : this.#newEntry(value, length)
    if (entry === 0) return false
    this.#bucket = ~this.#bucket
    this.words[this.#bucket] = isShared ? entry : entry | OWN
    this.#entries++
    return true
  }

  /**
   * Puts `length` bytes into the value of what find has found, so that they begin at its byte `at`;
   * the entry is the draft's own then, and its value may be written to. False if there is no room.
   */
  insert(at: number, from: Uint8Array, length: number): boolean {
    const { words, bytes, entry, valueBytes } = this
    const keyBytes = keyBytesOf(words, entry)
    const isOwn = ((words[this.#bucket] ?? 0) & OWN) !== 0
    const [oldWords, newWords] = [
      entryWords(keyBytes, valueBytes),
      entryWords(keyBytes, valueBytes + length),
    ]
    const oldValue = 4 * valueWordOf(words, entry)
    let value = oldValue
    if (!isOwn || blockWords(oldWords) !== blockWords(newWords)) {
      const block = this.#heap.take(newWords)
      if (block === 0) return false
      words.copyWithin(block, entry, entry + oldWords)
      value += 4 * (block - entry)
      if (isOwn) this.#heap.undo(entry, oldWords)
      words[this.#bucket] = block | OWN
    }
    if (at < valueBytes) bytes.copyWithin(value + at + length, value + at, value + valueBytes)
    for (let k = 0; k < length; k++) bytes[value + at + k] = from[k] ?? 0
    bytes.fill(0, value + valueBytes + length, (value + valueBytes + length + 3) & ~3)
    words[this.entry + ENTRY_VALUE_BYTES] = valueBytes + length
    return true
  }

  /** Whether it is time for `grow`. */
  get isCrowded(): boolean {
    return 2 * this.#entries > bucketsOf(this.words, this.#table)
  }

  /**
   * Makes the table larger; to be called between additions when it is crowded. It stays as it is if
   * there is no room, or if the generator is not run to its end.
   */
  *grow(): Generator<void> {
    const { words } = this
    const [old, buckets] = [this.#table, bucketsOf(this.words, this.#table)]
    const table = this.#newTable(2 * buckets)
    if (table === 0) return
    try {
      for (let bucket = 1; bucket <= buckets; bucket++) {
        const entry = words[old + bucket] ?? 0
        if (entry !== 0)
          words[freeBucket(words, table, words[(entry & OFFSET_MASK) + ENTRY_HASH] ?? 0)] = entry
        if (bucket % STEP_BUCKETS === 0) yield
      }
      this.#table = table
    } finally {
      if (this.#table === table) this.#heap.undo(old, 1 + buckets)
      else this.#heap.undo(table, 1 + 2 * buckets)
    }
  }

  /**
   * Ends the draft: nothing may be added any more. Tells `onChange` what is different from the map.
   */
  *seal(onChange: OnChange): Generator<void> {
    const { words } = this
    const buckets = bucketsOf(words, this.#table)
    let shared = 0
    for (let bucket = 1; bucket <= buckets; bucket++) {
      if (bucket % STEP_BUCKETS === 0) yield
      const entry = words[this.#table + bucket] ?? 0
      if (entry === 0) continue
      if (!this.#settle(this.#table + bucket)) onChange(entry & OFFSET_MASK)
      else shared++
    }
    if (shared === this.#beforeEntries) return
    let walked = 0
    for (const entry of entriesOf(words, this.#before)) {
      if (++walked % STEP_BUCKETS === 0) yield
      const now = entryIn(words, findBucket(words, this.#table, this.#sought.ofEntry(words, entry)))
      if (now === entry) continue
      this.#gone.push(entry)
      if (now === 0) onChange(entry)
    }
  }

  /** What the map has and the draft has not: to be given back when the draft is shown. */
  *goneBlocks(): Generator<readonly [number, number]> {
    while (this.#gone.length > 0) {
      const entry = this.#gone.pop()
      yield [entry, sizeOf(this.words, entry)]
    }
    yield [this.#before, 1 + bucketsOf(this.words, this.#before)]
  }

  /** Gives back all that is the draft's own. */
  discard(): void {
    this.#heap.giveBackAll(this.#ownBlocks())
  }

  *#ownBlocks(): Generator<readonly [number, number]> {
    const { words } = this
    for (let entry = this.#come.pop(); entry !== 0; entry = this.#come.pop())
      yield [entry, sizeOf(words, entry)]
    const buckets = bucketsOf(words, this.#table)
    for (let bucket = 1; bucket <= buckets; bucket++) {
      const entry = words[this.#table + bucket] ?? 0
      if (entry >= OWN) yield [entry - OWN, sizeOf(words, entry - OWN)]
    }
    yield [this.#table, 1 + buckets]
  }

  /**
   * Takes the mark off a bucket, and the map's entry in place of an equal one. Whether the entry is
   * the map's.
   */
  #settle(bucket: number): boolean {
    const { words } = this
    const entry = (words[bucket] ?? 0) & OFFSET_MASK
    if (words[bucket] === entry) return true
    this.#sought.ofEntry(words, entry)
    const old = this.#findBefore()
    const isSame = old !== 0 && haveSameValue(words, old, entry)
    words[bucket] = isSame ? old : entry
    if (isSame) this.#heap.undo(entry, sizeOf(words, entry))
    else this.#come.push(entry)
    return isSame
  }

  /** The map's entry with the key that is sought; 0 for none. */
  #findBefore(): number {
    return entryIn(this.words, findBucket(this.words, this.#before, this.#sought))
  }

  #hasValue(entry: number, value: Uint8Array, length: number): boolean {
    if (this.words[entry + ENTRY_VALUE_BYTES] !== length) return false
    const at = 4 * valueWordOf(this.words, entry)
    for (let k = 0; k < length; k++) if (this.bytes[at + k] !== value[k]) return false
    return true
  }

  #newEntry(value: Uint8Array, length: number): number {
    const { words, bytes, key } = this
    const keyWords = wordsFor(key.length)
    const entry = this.#heap.take(entryWords(key.length, length))
    if (entry === 0) return 0
    words[entry + ENTRY_HASH] = this.#sought.hash
    words[entry + ENTRY_KEY] = this.#sought.head
    words[entry + ENTRY_VALUE_BYTES] = length
    for (let k = 0; k < keyWords; k++) words[entry + ENTRY_WORDS + k] = key.words[k] ?? 0
    const valueWord = entry + ENTRY_WORDS + keyWords
    if (length > 0) words[valueWord + wordsFor(length) - 1] = 0
    for (let k = 0; k < length; k++) bytes[4 * valueWord + k] = value[k] ?? 0
    return entry
  }

  /** For additions that come too fast for `grow`. False if there is no room for anything. */
  #growNow(): boolean {
    const before = this.#table
    for (const _ of this.grow());
    if (this.#table !== before) this.#bucket = findBucket(this.words, this.#table, this.#sought)
    return this.#table !== before || this.#entries + 2 < bucketsOf(this.words, this.#table)
  }

  /** An empty table; 0 if there is no room. */
  #newTable(buckets: number): number {
    const table = this.#heap.take(1 + buckets)
    if (table !== 0) clearTable(this.words, table, buckets)
    return table
  }
}
