// All keys of a kind in a map of the records memory, as a shard reads it (reader.ts).

import { BUCKET_DELETED } from './layout.ts'
import type { RecordsReader } from './reader.ts'
import { keyBytesOf, keyKindOf, keyWordOf } from './table.ts'

/**
 * Copies of the keys there are at this moment, in no order. What main changes meanwhile is there or
 * is not, or twice; what it leaves alone is there. The walk ends in the turn of the event loop that
 * it begins in, since tables and entries are borrowed no longer: it looks at a word for each bucket
 * and copies bytes, and makes an object of a key only when that is asked for.
 */
export const keysOf = (reader: RecordsReader, kind: number): Iterable<Uint8Array> => {
  const { words, bytes, table } = reader
  const ends: number[] = []
  let copies = new Uint8Array(1024)
  let end = 0
  const buckets = table === 0 ? 0 : words[table]! + 1
  for (let bucket = 0; bucket < buckets; bucket++) {
    const entry = Atomics.load(words, table + 1 + bucket)
    if (entry <= BUCKET_DELETED || keyKindOf(words, entry) !== kind) continue
    const at = 4 * keyWordOf(entry)
    const length = keyBytesOf(words, entry)
    if (end + length > copies.length) copies = enlarged(copies)
    for (let k = 0; k < length; k++) copies[end + k] = bytes[at + k]!
    end += length
    ends.push(end)
  }
  return keysIn(copies, ends)
}

function* keysIn(copies: Uint8Array, ends: readonly number[]): Generator<Uint8Array> {
  let start = 0
  for (const end of ends) {
    yield copies.subarray(start, end)
    start = end
  }
}

/** Twice as large, and by more than the longest key. */
const enlarged = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
  const larger = new Uint8Array(bytes.length * 2)
  larger.set(bytes)
  return larger
}
