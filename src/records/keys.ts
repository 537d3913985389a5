// All keys of a kind in a map of the records memory, as a shard reads it (reader.ts).

import { BUCKET_DELETED } from './layout.ts'
import type { RecordsReader } from './reader.ts'
import { keyBytesOf, keyKindOf, keyWordOf } from './table.ts'

/**
 * Copies of the keys there are at this moment, in no order, each once. What main changes meanwhile
 * is there or is not; what it leaves alone is there. The walk ends in the turn of the event loop
 * that it begins in, since tables and entries are borrowed no longer: it looks at a word for each
 * bucket, and copies keys.
 */
export const keysOf = (reader: RecordsReader, kind: number): Uint8Array[] => {
  const { words, bytes, table } = reader
  const keys = new Map<string, Uint8Array>()
  const buckets = table === 0 ? 0 : words[table]! + 1
  for (let bucket = 0; bucket < buckets; bucket++) {
    const entry = Atomics.load(words, table + 1 + bucket)
    if (entry <= BUCKET_DELETED || keyKindOf(words, entry) !== kind) continue
    const at = 4 * keyWordOf(entry)
    const key = bytes.slice(at, at + keyBytesOf(words, entry))
    keys.set(Buffer.from(key).toString('latin1'), key)
  }
  return [...keys.values()]
}
