// Hot path. The contents of a slot: comparing its key, copying its message out, writing both.
// Readers take no lock, as with a seqlock: they read the version, copy with plain reads while they
// sum, store to a word of their own (which keeps those reads from moving below it), and read the
// version again. A changed version is a miss. So is a wrong sum: a safety net for engines and
// machines that we could not test. Every length read here is checked before it is used, since it
// may belong to another message than the word next to it.

import { sharedWords } from '../memory/shared-buffer.ts'
import type { CacheHit } from './hit.ts'
import type { CacheKey } from './key.ts'
import {
  CHECKSUM,
  EXPIRY,
  FLAGS,
  HASH_HIGH,
  HASH_LOW,
  HITS,
  KEY,
  LAST_HIT,
  LENGTHS,
  NOT_BEFORE,
  OWNER_MASK,
  PLAIN,
  STALE_UNTIL,
  TABLE,
  TABLE_HEADER,
  TTL,
  VERSION,
} from './layout.ts'
import { nextVersion, type Slab } from './slab.ts'

/** Data that the caller gives with an answer. */
export interface EntryMeta {
  /**
   * Monotonic seconds from which on the answer is no longer fresh. The caller decides whether to
   * use it then.
   */
  readonly expirySeconds: number
  /**
   * Monotonic seconds from which on it is of no use at all, at least expirySeconds: the first
   * choice for eviction.
   */
  readonly staleUntilSeconds: number
  readonly ttlSeconds: number
  /** 16 bits, the caller's. */
  readonly flags: number
  /** Size of the message with all names written out, in bytes: the caller's. */
  readonly plainBytes: number
  /** Hits to begin with: a prefetch hands on those of the entry it replaces. 0 if absent. */
  readonly popularity?: number
}

/** Not a version: those of readable slots have owner 0. */
export const NO_MATCH = 1

const fence = sharedWords(16)

/**
 * The version of a slot that holds this key of this table, NO_MATCH otherwise. True only once the
 * version has been read again.
 */
export const matchSlot = (slab: Slab, slotWord: number, key: CacheKey, table: number): number => {
  const words = slab.words
  if (words[slotWord + HASH_LOW] !== key.hashLow || words[slotWord + HASH_HIGH] !== key.hashHigh)
    return NO_MATCH
  const version = Atomics.load(words, slotWord + VERSION)
  if ((version & OWNER_MASK) !== 0) return NO_MATCH
  if (words[slotWord + TABLE] !== table || (words[slotWord + LENGTHS]! & 0xffff) !== key.length)
    return NO_MATCH
  const keyWords = key.words
  const count = (key.length + 3) >> 2
  for (let k = 0; k < count; k++) if (words[slotWord + KEY + k] !== keyWords[k]) return NO_MATCH
  return version
}

/**
 * Copies the entry whose key matched at `version` to where the hit is aimed; false if it has
 * changed meanwhile, or does not fit there.
 */
export const readSlot = (
  slab: Slab,
  slotWord: number,
  slotWords: number,
  key: CacheKey,
  table: number,
  version: number,
  hit: CacheHit,
): boolean => {
  const words = slab.words
  const lengths = words[slotWord + LENGTHS]!
  const expiry = words[slotWord + EXPIRY]!
  const staleUntil = words[slotWord + STALE_UNTIL]!
  const ttl = words[slotWord + TTL]!
  const flags = words[slotWord + FLAGS]!
  const plain = words[slotWord + PLAIN]!
  const messageBytes = lengths >>> 16
  const ttlCount = flags >>> 16
  const keyWords = (key.length + 3) >> 2
  const messageWords = (messageBytes + 3) >> 2
  const offsetWords = (ttlCount + 1) >> 1
  if (KEY + keyWords + messageWords + offsetWords > slotWords) return false
  if (!hit.makeRoom(messageBytes, ttlCount)) {
    hit.isTooLarge = true
    return false
  }

  // Two running sums, as Fletcher's: the second makes the order of the words count. One cycle each,
  // which a multiplication per word is not.
  let a = version
  let b = 0
  b = (b + (a = (a + key.hashLow) | 0)) | 0
  b = (b + (a = (a + key.hashHigh) | 0)) | 0
  b = (b + (a = (a + lengths) | 0)) | 0
  b = (b + (a = (a + expiry) | 0)) | 0
  b = (b + (a = (a + staleUntil) | 0)) | 0
  b = (b + (a = (a + ttl) | 0)) | 0
  b = (b + (a = (a + flags) | 0)) | 0
  b = (b + (a = (a + table) | 0)) | 0
  b = (b + (a = (a + plain) | 0)) | 0
  const keyCopy = key.words
  for (let k = 0; k < keyWords; k++) b = (b + (a = (a + keyCopy[k]!) | 0)) | 0
  let from = slotWord + KEY + keyWords
  const to = hit.words
  const toWord = hit.word
  for (let k = 0; k < messageWords; k++) {
    const word = words[from + k]!
    to[toWord + k] = word
    b = (b + (a = (a + word) | 0)) | 0
  }
  from += messageWords
  const offsets = hit.offsetWords
  for (let k = 0; k < offsetWords; k++) {
    const word = words[from + k]!
    offsets[k] = word
    b = (b + (a = (a + word) | 0)) | 0
  }
  const checksum = words[slotWord + CHECKSUM]!
  Atomics.store(fence, 0, 0)
  if (Atomics.load(words, slotWord + VERSION) !== version || checksum !== mixSums(a, b))
    return false

  hit.messageBytes = messageBytes
  hit.ttlCount = ttlCount
  hit.expirySeconds = expiry
  hit.staleUntilSeconds = staleUntil
  hit.ttlSeconds = ttl
  hit.flags = flags & 0xffff
  hit.plainBytes = plain
  hit.slotWord = slotWord
  hit.version = version
  return true
}

const mixSums = (a: number, b: number): number => (a ^ Math.imul(b, 0x9e3779b1)) | 0

/** An answer about to be stored. The message and the offsets are copied. */
export interface Entry {
  readonly key: CacheKey
  readonly meta: EntryMeta
  readonly message: Uint8Array
  readonly ttlOffsets: readonly number[] | Uint16Array
}

/** Fills a slot that the caller has locked and that is large enough. Its way is not touched. */
export const writeSlot = (
  slab: Slab,
  slotWord: number,
  entry: Entry,
  table: number,
  tableHeader: number,
  nowSeconds: number,
): void => {
  const { key, meta, message, ttlOffsets } = entry
  const words = slab.words
  words[slotWord + HASH_LOW] = key.hashLow
  words[slotWord + HASH_HIGH] = key.hashHigh
  words[slotWord + LENGTHS] = (message.length << 16) | key.length
  words[slotWord + EXPIRY] = meta.expirySeconds
  words[slotWord + STALE_UNTIL] = meta.staleUntilSeconds
  words[slotWord + TTL] = meta.ttlSeconds
  words[slotWord + FLAGS] = (ttlOffsets.length << 16) | (meta.flags & 0xffff)
  words[slotWord + TABLE] = table
  words[slotWord + PLAIN] = meta.plainBytes
  words[slotWord + TABLE_HEADER] = tableHeader
  words[slotWord + HITS] = meta.popularity ?? 0
  words[slotWord + LAST_HIT] = nowSeconds
  words[slotWord + NOT_BEFORE] = 0

  let at = slotWord + KEY
  for (let k = 0; k < key.length; k += 4) words[at++] = key.words[k >> 2]!
  const messageWords = (message.length + 3) >> 2
  words[at + messageWords - 1] = 0
  slab.bytes.set(message, at * 4)
  at += messageWords
  const count = ttlOffsets.length
  if ((count & 1) === 1) words[at + (count >> 1)] = 0
  for (let k = 0; k < count; k++) slab.halves[at * 2 + k] = ttlOffsets[k]!
  words[slotWord + CHECKSUM] = sumSlot(words, slotWord, at + ((count + 1) >> 1))
}

const sumSlot = (words: Int32Array, slotWord: number, end: number): number => {
  let a = nextVersion(words[slotWord + VERSION]!)
  let b = 0
  for (let k = slotWord + HASH_LOW; k <= slotWord + PLAIN; k++)
    b = (b + (a = (a + words[k]!) | 0)) | 0
  for (let k = slotWord + KEY; k < end; k++) b = (b + (a = (a + words[k]!) | 0)) | 0
  return mixSums(a, b)
}
