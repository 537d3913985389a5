// Tables of the records memory and the entries that they show: what map.ts and draft.ts, both on
// main, have in common.

import {
  BUCKET_DELETED,
  BUCKET_NONE,
  ENTRY_HASH,
  ENTRY_KEY,
  ENTRY_VALUE_BYTES,
  ENTRY_WORDS,
  entryWords,
  keyWord,
  wordsFor,
} from './layout.ts'
import type { RecordKey } from './reader.ts'

/** Buckets of a draft bear a mark above the offset. */
export const OFFSET_MASK = 2 ** 29 - 1

export const bucketsOf = (words: Int32Array, table: number): number => (words[table] ?? 0) + 1

export const keyBytesOf = (words: Int32Array, entry: number): number =>
  (words[entry + ENTRY_KEY] ?? 0) & 0xffff

export const keyKindOf = (words: Int32Array, entry: number): number =>
  (words[entry + ENTRY_KEY] ?? 0) >>> 24

/** First word of an entry's key. */
export const keyWordOf = (entry: number): number => entry + ENTRY_WORDS

/** Words of an entry. */
export const sizeOf = (words: Int32Array, entry: number): number =>
  entryWords(keyBytesOf(words, entry), words[entry + ENTRY_VALUE_BYTES] ?? 0)

/** First word of an entry's value. */
export const valueWordOf = (words: Int32Array, entry: number): number =>
  entry + ENTRY_WORDS + wordsFor(keyBytesOf(words, entry))

/** A key as `find` takes it: what its entry begins with, and where the rest of it stands. */
export class SoughtKey {
  hash = 0
  /** Kind and length. */
  head = 0
  /** The key's bytes, padded with zeros to a word, from this word on. */
  words: Int32Array = new Int32Array(0)
  at = 0

  /** The key of an entry. */
  ofEntry(words: Int32Array, entry: number): this {
    this.hash = words[entry + ENTRY_HASH] ?? 0
    this.head = words[entry + ENTRY_KEY] ?? 0
    this.words = words
    this.at = entry + ENTRY_WORDS
    return this
  }

  of(kind: number, key: RecordKey, hash: number): this {
    this.hash = hash
    this.head = keyWord(kind, key.length)
    this.words = key.words
    this.at = 0
    return this
  }
}

/**
 * Word of the bucket that shows the key's entry; the complement of a bucket that is free for it if
 * there is none.
 */
export const findBucket = (
  words: Int32Array,
  table: number,
  { hash, head, words: key, at }: SoughtKey,
): number => {
  const mask = words[table] ?? 0
  const length = wordsFor(head & 0xffff)
  for (let bucket = hash & mask; ; bucket = (bucket + 1) & mask) {
    const entry = (words[table + 1 + bucket] ?? 0) & OFFSET_MASK
    if (entry === BUCKET_NONE) return ~(table + 1 + bucket)
    if (
      entry === BUCKET_DELETED ||
      words[entry + ENTRY_HASH] !== hash ||
      words[entry + ENTRY_KEY] !== head
    )
      continue
    if (isSameWords(words, entry + ENTRY_WORDS, key, at, length)) return table + 1 + bucket
  }
}

/** The entry that a bucket shows; 0 for what findBucket says where there is none. */
export const entryIn = (words: Int32Array, bucket: number): number =>
  bucket < 0 ? 0 : (words[bucket] ?? 0) & OFFSET_MASK

/** Whether two entries have the same value. */
export const haveSameValue = (words: Int32Array, one: number, other: number): boolean => {
  const bytes = words[one + ENTRY_VALUE_BYTES] ?? 0
  if (words[other + ENTRY_VALUE_BYTES] !== bytes) return false
  return isSameWords(
    words,
    valueWordOf(words, one),
    words,
    valueWordOf(words, other),
    wordsFor(bytes),
  )
}

const isSameWords = (
  a: Int32Array,
  aAt: number,
  b: Int32Array,
  bAt: number,
  length: number,
): boolean => {
  for (let k = 0; k < length; k++) if (a[aAt + k] !== b[bAt + k]) return false
  return true
}

/** An empty table in a block that was taken for 1 + `buckets` words. */
export const clearTable = (words: Int32Array, table: number, buckets: number): void => {
  words[table] = buckets - 1
  words.fill(BUCKET_NONE, table + 1, table + 1 + buckets)
}

/** The table's next free bucket for an entry with this hash. */
export const freeBucket = (words: Int32Array, table: number, hash: number): number => {
  const mask = words[table] ?? 0
  let bucket = hash & mask
  while (((words[table + 1 + bucket] ?? 0) & OFFSET_MASK) > BUCKET_DELETED)
    bucket = (bucket + 1) & mask
  return table + 1 + bucket
}

export function* entriesOf(words: Int32Array, table: number): Generator<number> {
  const buckets = bucketsOf(words, table)
  for (let bucket = 0; bucket < buckets; bucket++) {
    const entry = (words[table + 1 + bucket] ?? 0) & OFFSET_MASK
    if (entry > BUCKET_DELETED) yield entry
  }
}

/** The blocks of all entries, and the table's own. */
export function* blocksOf(words: Int32Array, table: number): Generator<readonly [number, number]> {
  for (const entry of entriesOf(words, table)) yield [entry, sizeOf(words, entry)]
  yield [table, 1 + bucketsOf(words, table)]
}
