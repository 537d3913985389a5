// Hot path.
// A map of the records memory as a shard reads it: by key, without locks, copies or messages.
//
// Custody: what a look-up finds is borrowed until the shard returns to its event loop. Keep no
// offset over a promise; copy what must live on.

import { type HashSeed, KeyedHash } from '../memory/keyed-hash.ts'
import {
  BUCKET_DELETED,
  BUCKET_NONE,
  ENTRIES_WORD,
  ENTRY_HASH,
  ENTRY_KEY,
  ENTRY_VALUE_BYTES,
  ENTRY_WORDS,
  keyWord,
  MAX_KEY_BYTES,
  NOTES_WORD,
  type RecordsRef,
  TABLE_WORD,
} from './layout.ts'

/** A key under construction: `bytes` and `words` are one memory. */
export class RecordKey {
  readonly bytes = new Uint8Array((MAX_KEY_BYTES + 4) & ~3)
  readonly words = new Int32Array(this.bytes.buffer)
  length = 0

  /** Copies `length` bytes that begin at `from[at]`. */
  set(from: Uint8Array, at: number, length: number): this {
    const { bytes } = this
    for (let k = 0; k < length; k++) bytes[k] = from[at + k]!
    this.length = length
    return this
  }

  /** Zeros behind the key, to the end of its last word: as entries have it. */
  pad(): void {
    for (let k = this.length; (k & 3) !== 0; k++) this.bytes[k] = 0
  }
}

export class RecordsReader {
  /** The whole records memory. Read only. */
  readonly words: Int32Array
  readonly bytes: Uint8Array
  readonly #header: number
  readonly #hash: KeyedHash

  constructor(ref: RecordsRef, seed: HashSeed) {
    this.words = new Int32Array(ref.buffer)
    this.bytes = new Uint8Array(ref.buffer)
    this.#header = ref.headerWord
    this.#hash = new KeyedHash(seed)
  }

  /** The entry with this key, as an offset for the methods below; 0 if there is none. */
  find(kind: number, key: RecordKey): number {
    const { words } = this
    const { table } = this
    if (table === 0) return 0
    const length = key.length
    const hash = hashOfKey(this.#hash, kind, key)
    const mask = words[table]!
    const wanted = keyWord(kind, length)
    for (let bucket = hash & mask; ; bucket = (bucket + 1) & mask) {
      const entry = Atomics.load(words, table + 1 + bucket)
      if (entry === BUCKET_NONE) return 0
      if (
        entry === BUCKET_DELETED ||
        words[entry + ENTRY_HASH] !== hash ||
        words[entry + ENTRY_KEY] !== wanted
      )
        continue
      if (isSame(this.bytes, (entry + ENTRY_WORDS) * 4, key.bytes, length)) return entry
    }
  }

  /** Offset of the value's first byte in `bytes`; a multiple of 4. */
  valueAt(entry: number): number {
    return (entry + ENTRY_WORDS + (((this.words[entry + ENTRY_KEY]! & 0xffff) + 3) >> 2)) * 4
  }

  valueBytes(entry: number): number {
    return this.words[entry + ENTRY_VALUE_BYTES]!
  }

  /** One of the words that the map's owner keeps in addition to its entries. */
  note(index: number): number {
    return Atomics.load(this.words, this.#header + NOTES_WORD + index)
  }

  get entries(): number {
    return Atomics.load(this.words, this.#header + ENTRIES_WORD)
  }

  /** Word offset of the table; 0: the map has been dropped. */
  get table(): number {
    return Atomics.load(this.words, this.#header + TABLE_WORD)
  }
}

/** Keyed, so that users who may create services cannot make names collide. */
export const hashOfKey = (hash: KeyedHash, kind: number, key: RecordKey): number => {
  hash.hash(key.words, 0, key.length)
  return hash.low ^ Math.imul(kind, 0x9e3779b1)
}

/** Whether the first `length` bytes of `wanted` stand at `bytes[at]`. */
export const isSame = (
  bytes: Uint8Array,
  at: number,
  wanted: Uint8Array,
  length: number,
): boolean => {
  for (let k = 0; k < length; k++) if (bytes[at + k] !== wanted[k]) return false
  return true
}
