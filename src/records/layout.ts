// Hot path. The words of the records memory: data that main has (a cluster's services, a hosts
// file) and shards answer from. One buffer for the process; one writer, main; readers are all
// shards. Only constants and arithmetic; see map.ts for the protocol.
//
// Word 0 is never used: offset 0 means none. Everything else is blocks that heap.ts hands out:
//
//   map header      word  0  word offset of the table; 0: the map has been dropped
//   (16 words)            1  entries
//                         2..15  notes: words of the owner's own (main writes, shards read)
//
//   table           word  0  buckets - 1 (a power of two less one)
//                         1..   buckets: word offset of an entry; 0: never used, 1: no longer used
//
//   entry           word  0  hash
//                         1  kind(8) | zero(8) | bytes of the key(16)
//                         2  bytes of the value
//                         3..   key, padded with zeros to a word, then the value, likewise
//
// An entry and a table never change once a bucket or a header shows them: a change is a new block
// and one atomic store.

export const TABLE_WORD = 0
export const ENTRIES_WORD = 1
export const NOTES_WORD = 2
export const NOTES = 14
export const HEADER_WORDS = NOTES_WORD + NOTES

export const BUCKET_NONE = 0
export const BUCKET_DELETED = 1

export const ENTRY_HASH = 0
export const ENTRY_KEY = 1
export const ENTRY_VALUE_BYTES = 2
export const ENTRY_WORDS = 3

/** Longest key in bytes: a name. */
export const MAX_KEY_BYTES = 255
/** Smallest table: buckets. */
export const MIN_BUCKETS = 16

/** Word offsets stay below 2^29, small integers everywhere. */
export const MAX_RECORDS_BYTES = 2 ** 31
export const MIN_RECORDS_BYTES = 1 << 20

export const wordsFor = (bytes: number): number => (bytes + 3) >>> 2

export const entryWords = (keyBytes: number, valueBytes: number): number =>
  ENTRY_WORDS + wordsFor(keyBytes) + wordsFor(valueBytes)

/** The word that says kind and length of a key. */
export const keyWord = (kind: number, keyBytes: number): number => (kind << 24) | keyBytes

/** What a shard needs to read a map: plain data for its boot message. */
export interface RecordsRef {
  readonly buffer: SharedArrayBuffer
  readonly headerWord: number
}
