// The hosts table that main builds and shards read: one SharedArrayBuffer, complete before it is handed over and never changed again, so
// that plain reads are safe and one copy serves the whole process. A changed file makes a new table.
//
//   word 0  hash seed                 words 3 .. 3+mask   buckets: word offset of a record, 0 for none; linear probing
//        1  bucket mask (size - 1)    then records:
//        2  1 if there are wildcards
//
//   record  word 0     hash of the key
//                1     key kind << 16 | key size in bytes
//                2..5  item counts: of a name: IPv4 of the file, IPv4 inline, IPv6 of the file, IPv6 inline; of an address: names, 0, 0, 0
//                6     size of the items in bytes
//                7..   key (name in wire form, or address), then the items, each part padded to a word.
//                      Items of a name are addresses; items of an address are names in wire form, which end themselves.

import { randomInt } from 'node:crypto'
import { nameFromText, skipName } from '../../wire/name.ts'
import type { HostsEntry } from './hosts-file.ts'

const SEED_WORD = 0
const MASK_WORD = 1
const WILDCARDS_WORD = 2
const BUCKETS_WORD = 3
const RECORD_WORDS = 7

const KIND_NAME = 1
const KIND_ADDRESS = 2

/** No message holds more records than this (65535 bytes, 16 for the smallest A record), so no lookup gives more. */
const MAX_ITEMS = 4095

/** Which entries a name's lists come from, in the order of answers. */
const SOURCES = 2

interface Draft {
  readonly kind: number
  readonly key: Uint8Array
  readonly lists: Uint8Array[][]
}

export interface BuiltTable {
  readonly buffer: SharedArrayBuffer
  /** What `coredns_hosts_entries` shows: addresses of all names, and names of all addresses. */
  readonly entries: number
}

/** Serialises the entries of the file and the inline ones; `autoReverse` adds what PTR queries need. */
export const buildTable = (file: readonly HostsEntry[], inline: readonly HostsEntry[], autoReverse: boolean): BuiltTable => {
  const drafts = new Map<string, Draft>()
  let entries = 0
  for (const [source, list] of [file, inline].entries()) {
    for (const { address, name } of list) {
      const wire = nameFromText(name)
      if (wire === undefined) continue
      const family = address.length === 4 ? 0 : 1
      addItem(drafts, KIND_NAME, name, wire, family * SOURCES + source, address)
      entries++
      if (!autoReverse || isWildcard(wire)) continue
      addItem(drafts, KIND_ADDRESS, address.toHex(), address, 0, wire)
      entries++
    }
  }
  return { buffer: serialize([...drafts.values()]), entries }
}

const isWildcard = (wire: Uint8Array): boolean => wire[0] === 1 && wire[1] === 0x2a

const addItem = (
  drafts: Map<string, Draft>,
  kind: number,
  text: string,
  key: Uint8Array,
  list: number,
  item: Uint8Array,
): void => {
  // A name ends in a dot and hexadecimal does not: texts of the two kinds never meet.
  let draft = drafts.get(text)
  if (draft === undefined) drafts.set(text, (draft = { kind, key, lists: [] }))
  const items = draft.lists[list]
  if (items === undefined) draft.lists[list] = [item]
  else items.push(item)
}

const wordsFor = (bytes: number): number => (bytes + 3) >>> 2

const itemsSize = (draft: Draft): number => {
  let size = 0
  for (const list of draft.lists) for (const item of list ?? []) size += item.length
  return size
}

const serialize = (drafts: readonly Draft[]): SharedArrayBuffer => {
  const buckets = 2 ** Math.ceil(Math.log2(drafts.length * 2 + 2))
  let words = BUCKETS_WORD + buckets
  for (const draft of drafts) words += RECORD_WORDS + wordsFor(draft.key.length) + wordsFor(itemsSize(draft))
  const buffer = new SharedArrayBuffer(words * 4)
  const table = new Int32Array(buffer)
  const bytes = new Uint8Array(buffer)
  table[SEED_WORD] = randomInt(2 ** 32)
  table[MASK_WORD] = buckets - 1
  table[WILDCARDS_WORD] = drafts.some(draft => draft.kind === KIND_NAME && isWildcard(draft.key)) ? 1 : 0
  let record = BUCKETS_WORD + buckets
  for (const draft of drafts) {
    enterBucket(table, record, hashOf(table[SEED_WORD], draft.kind, draft.key))
    record = writeRecord(table, bytes, record, draft)
  }
  return buffer
}

const enterBucket = (table: Int32Array, record: number, hash: number): void => {
  table[record] = hash
  const mask = table[MASK_WORD] ?? 0
  let bucket = hash & mask
  while (table[BUCKETS_WORD + bucket] !== 0) bucket = (bucket + 1) & mask
  table[BUCKETS_WORD + bucket] = record
}

/** Returns the word behind the record. */
const writeRecord = (table: Int32Array, bytes: Uint8Array, record: number, draft: Draft): number => {
  const size = itemsSize(draft)
  table[record + 1] = (draft.kind << 16) | draft.key.length
  for (const [list, items] of draft.lists.entries()) table[record + 2 + list] = items?.length ?? 0
  table[record + 6] = size
  bytes.set(draft.key, (record + RECORD_WORDS) * 4)
  const items = record + RECORD_WORDS + wordsFor(draft.key.length)
  let at = items * 4
  for (const list of draft.lists) {
    for (const item of list ?? []) {
      bytes.set(item, at)
      at += item.length
    }
  }
  return items + wordsFor(size)
}

/** Keyed FNV-1a with the finish of MurmurHash3, so that low bits may choose the bucket. */
const hashOf = (seed: number, kind: number, key: Uint8Array): number => {
  let hash = seed ^ kind
  for (const byte of key) hash = Math.imul(hash ^ byte, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** Reads a table that buildTable made. Views it returns lie in shared memory and stay valid as long as they are held. */
export class HostsTable {
  readonly #words: Int32Array
  readonly #bytes: Uint8Array

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer)
    this.#bytes = new Uint8Array(buffer)
  }

  /** Addresses of a lower-case wire name: those of the file, then inline ones; in each, a name's own before a wildcard's. */
  addressesOf(name: Uint8Array, family: 4 | 6): Uint8Array[] {
    const own = this.#find(KIND_NAME, name)
    const wildcard = this.#findWildcard(name)
    const found: Uint8Array[] = []
    for (let source = 0; source < SOURCES; source++) {
      const list = (family === 4 ? 0 : SOURCES) + source
      if (this.#count(own, list) > 0) this.#addresses(own, list, found)
      else this.#addresses(wildcard, list, found)
    }
    return found
  }

  /** Whether the name, or a wildcard for it, has any address. */
  has(name: Uint8Array): boolean {
    return this.#find(KIND_NAME, name) !== 0 || this.#findWildcard(name) !== 0
  }

  /** Wire names of an address. */
  namesOf(address: Uint8Array): Uint8Array[] {
    const record = this.#find(KIND_ADDRESS, address)
    const names: Uint8Array[] = []
    if (record === 0) return names
    let at = this.#itemsOffset(record)
    const end = at + this.#word(record + 6)
    while (at < end && names.length < MAX_ITEMS) {
      const next = skipName(this.#bytes, at, end)
      if (next < 0) break
      names.push(this.#bytes.subarray(at, next))
      at = next
    }
    return names
  }

  #word(at: number): number {
    return this.#words[at] ?? 0
  }

  #count(record: number, list: number): number {
    return record === 0 ? 0 : this.#word(record + 2 + list)
  }

  #itemsOffset(record: number): number {
    return (record + RECORD_WORDS + wordsFor(this.#word(record + 1) & 0xffff)) * 4
  }

  #addresses(record: number, list: number, found: Uint8Array[]): void {
    const count = this.#count(record, list)
    if (count === 0) return
    let at = this.#itemsOffset(record)
    for (let before = 0; before < list; before++) at += this.#count(record, before) * sizeInList(before)
    const size = sizeInList(list)
    for (let index = 0; index < count && found.length < MAX_ITEMS; index++, at += size)
      found.push(this.#bytes.subarray(at, at + size))
  }

  #findWildcard(name: Uint8Array): number {
    const label = name[0] ?? 0
    if (label === 0 || this.#word(WILDCARDS_WORD) === 0) return 0
    const key = new Uint8Array(name.length - label + 1)
    key[0] = 1
    key[1] = 0x2a
    key.set(name.subarray(label + 1), 2)
    return this.#find(KIND_NAME, key)
  }

  /** Word offset of the record with this key, 0 if there is none. */
  #find(kind: number, key: Uint8Array): number {
    const mask = this.#word(MASK_WORD)
    const hash = hashOf(this.#word(SEED_WORD), kind, key)
    for (let bucket = hash & mask; ; bucket = (bucket + 1) & mask) {
      const record = this.#word(BUCKETS_WORD + bucket)
      if (record === 0 || (this.#word(record) === hash && this.#hasKey(record, kind, key))) return record
    }
  }

  #hasKey(record: number, kind: number, key: Uint8Array): boolean {
    if (this.#word(record + 1) !== ((kind << 16) | key.length)) return false
    const at = (record + RECORD_WORDS) * 4
    for (let index = 0; index < key.length; index++) if (this.#bytes[at + index] !== key[index]) return false
    return true
  }
}

const sizeInList = (list: number): number => (list < SOURCES ? 4 : 16)
