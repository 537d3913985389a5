// A zone as one piece of memory that never changes: nodes by name in canonical order, empty
// non-terminals included, with their RRsets and the records of these. It may be shared memory, so
// that all threads answer from one copy. ZoneBuilder makes a tree. It is read through this class,
// which keeps no other data.
//
//   words   HEADER | node 0..n: key, first RRset, end of subtree | RRset 0..m: type, first record
//   bytes   keys, end to end | records, end to end: type, class, TTL, length, rdata
//
// Node 0 is the root of the DNS; the nodes of a subtree stand together. An RRset's records stand
// together.

import { getU16, getU32 } from '../wire/header.ts'
import { TYPE_NS, TYPE_RRSIG, TYPE_SOA } from '../wire/rrtypes.ts'
import { compareKeys, MAX_KEY_SIZE, nameOfKey, writeKey } from './canonical-key.ts'
import type { ZoneRecord } from './record-text.ts'

/** Words of the header: what a tree consists of, and where. */
export const HEADER_WORDS = 9
export const WORD_NODES = 0
export const WORD_RRSETS = 1
export const WORD_RECORDS = 2
export const WORD_KEY_BYTES = 3
export const WORD_ORIGIN_NODE = 4
/** The node that owns the SOA record: the origin's in a sound zone. */
export const WORD_SOA_NODE = 5
export const WORD_SERIAL = 6
export const WORD_FLAGS = 7
/** The number of the build: no two trees that a process makes have the same. */
export const WORD_STAMP = 8

/** The apex has records besides those that make it one: SOA, NS and their signatures. */
export const FLAG_APEX_HAS_DATA = 1
/** There are signatures or denials of existence: DO changes answers other than referrals. */
export const FLAG_DNSSEC = 2

export const NODE_WORDS = 3
export const RRSET_WORDS = 2
/** Type, class, TTL and length of rdata, in front of it. */
export const RECORD_HEAD_BYTES = 10

/** Bytes of a tree. */
export const treeSize = (
  nodes: number,
  rrsets: number,
  keyBytes: number,
  recordBytes: number,
): number =>
  4 * (HEADER_WORDS + NODE_WORDS * (nodes + 1) + RRSET_WORDS * (rrsets + 1)) +
  keyBytes +
  recordBytes

/** Records of one owner and type, in the order of the file. */
export interface RRset {
  /** Wire form: lower case, or the question's name where a wildcard was expanded. */
  readonly owner: Uint8Array
  readonly type: number
  /**
   * The records are what stands in `bytes` from `start` to `end`: type, class, TTL, length and
   * rdata of each.
   */
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** The records of an RRset as objects; their rdata is a view. */
export const recordsOf = ({ owner, bytes, start, end }: RRset): ZoneRecord[] => {
  const records: ZoneRecord[] = []
  for (let at = start; at < end; ) {
    const from = at + RECORD_HEAD_BYTES
    const to = from + getU16(bytes, at + 8)
    const [type, cls, ttlSeconds] = [
      getU16(bytes, at),
      getU16(bytes, at + 2),
      getU32(bytes, at + 4),
    ]
    records.push({ owner, type, class: cls, ttlSeconds, rdata: bytes.subarray(from, to) })
    at = to
  }
  return records
}

/** Each record of an RRset by itself. */
export const eachOf = (set: RRset): RRset[] => {
  const sets: RRset[] = []
  for (let start = set.start; start < set.end; ) {
    const end = start + RECORD_HEAD_BYTES + getU16(set.bytes, start + 8)
    sets.push({ ...set, start, end })
    start = end
  }
  return sets
}

/** A record by itself as an RRset. */
export const rrsetOf = ({ owner, type, class: cls, ttlSeconds, rdata }: ZoneRecord): RRset => {
  const bytes = new Uint8Array(RECORD_HEAD_BYTES + rdata.length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, type)
  view.setUint16(2, cls)
  view.setUint32(4, ttlSeconds)
  view.setUint16(8, rdata.length)
  bytes.set(rdata, RECORD_HEAD_BYTES)
  return { owner, type, bytes, start: 0, end: bytes.length }
}

/** The type that an RRSIG record covers. */
const coveredType = (bytes: Uint8Array, record: number): number =>
  getU16(bytes, record + 8) < 2 ? 0 : getU16(bytes, record + RECORD_HEAD_BYTES)

/** Where in a tree a name is, or would be. */
export interface Place {
  /**
   * The nodes from the origin's down to the name's, or the last of them that exists; of a name
   * outside the zone from the root's.
   */
  readonly path: readonly number[]
  /** The last node of the path is the name's own. */
  readonly isFound: boolean
}

/** The key that is looked for: one at a time. */
const key = new Uint8Array(MAX_KEY_SIZE)

export class ZoneTree {
  readonly #words: Uint32Array
  readonly #bytes: Uint8Array
  readonly #rrsetsWord: number
  readonly #recordsOffset: number
  #origin: Uint8Array | undefined

  /** The tree that begins at byte `offset`, a multiple of 4. */
  constructor(buffer: ArrayBufferLike, offset = 0) {
    const header = new Uint32Array(buffer, offset, HEADER_WORDS)
    const nodes = header[WORD_NODES]!
    const rrsets = header[WORD_RRSETS]!
    const words = HEADER_WORDS + NODE_WORDS * (nodes + 1) + RRSET_WORDS * (rrsets + 1)
    this.#words = new Uint32Array(buffer, offset, words)
    this.#bytes = new Uint8Array(buffer, offset + 4 * words)
    this.#rrsetsWord = HEADER_WORDS + NODE_WORDS * (nodes + 1)
    this.#recordsOffset = header[WORD_KEY_BYTES]!
  }

  /** Nodes, the root and empty non-terminals included. */
  get nodeCount(): number {
    return this.#words[WORD_NODES]!
  }
  get recordCount(): number {
    return this.#words[WORD_RECORDS]!
  }
  /** Bytes of memory. */
  get size(): number {
    const [nodes, rrsets] = [this.nodeCount, this.#words[WORD_RRSETS]!]
    const recordBytes = this.#words[this.#rrsetsWord + RRSET_WORDS * rrsets + 1]!
    return treeSize(nodes, rrsets, this.#words[WORD_KEY_BYTES]!, recordBytes)
  }
  get originNode(): number {
    return this.#words[WORD_ORIGIN_NODE]!
  }
  /** The zone's name in wire form, in lower case. */
  get origin(): Uint8Array {
    this.#origin ??= this.nameOf(this.originNode)
    return this.#origin
  }
  /** Whether the apex has records besides those that make it one: SOA, NS and their signatures. */
  get apexHasData(): boolean {
    return (this.#words[WORD_FLAGS]! & FLAG_APEX_HAS_DATA) !== 0
  }
  get stamp(): number {
    return this.#words[WORD_STAMP]!
  }
  /** Of the SOA record. */
  get serial(): number {
    return this.#words[WORD_SERIAL]!
  }
  /** The apex SOA, of one record. */
  get soa(): RRset {
    return this.rrset(this.soaNode, TYPE_SOA)!
  }
  get soaNode(): number {
    return this.#words[WORD_SOA_NODE]!
  }
  /** The apex NS records, if the zone has any. */
  get ns(): RRset | undefined {
    return this.rrset(this.originNode, TYPE_NS, this.origin)
  }

  /** The owner's name in wire form, in lower case. */
  nameOf(node: number): Uint8Array {
    return nameOfKey(this.#bytes, this.#keyOf(node), this.#keyOf(node + 1))
  }

  /** The node behind the last one below `node`. */
  endOf(node: number): number {
    return this.#words[HEADER_WORDS + NODE_WORDS * node + 2]!
  }

  /** Whether a node has no record. */
  isEmpty(node: number): boolean {
    return this.#firstRRset(node) === this.#firstRRset(node + 1)
  }

  hasBelow(node: number): boolean {
    return this.endOf(node) > node + 1
  }

  /** The node of a name; -1 if there is none. */
  find(name: Uint8Array): number {
    const { path, isFound } = this.place(name)
    return isFound ? path.at(-1)! : -1
  }

  place(name: Uint8Array): Place {
    const size = writeKey(name, key, 0)
    const originSize = this.#keyOf(this.originNode + 1) - this.#keyOf(this.originNode)
    const isInZone = size >= originSize && this.#compare(this.originNode, key, originSize) === 0
    const path = [isInZone ? this.originNode : 0]
    for (let end = isInZone ? originSize : 0; end < size; ) {
      const node = path.at(-1)!
      end = key.indexOf(0, end) + 1
      const child = this.#search(key, end, node + 1, this.endOf(node))
      if (child < 0) return { path, isFound: false }
      path.push(child)
    }
    return { path, isFound: true }
  }

  /** The child of a node whose label is `*`; -1 if there is none. */
  wildcardBelow(node: number): number {
    const size = this.#keyOf(node + 1) - this.#keyOf(node)
    key.set(this.#bytes.subarray(this.#keyOf(node), this.#keyOf(node + 1)))
    key[size] = 0x2a
    key[size + 1] = 0
    return this.#search(key, size + 2, node + 1, this.endOf(node))
  }

  /**
   * The last node with records that stands at or before a name in canonical order; -1 if there is
   * none.
   */
  before(name: Uint8Array): number {
    const size = writeKey(name, key, 0)
    let low = 0
    let high = this.nodeCount
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(middle, key, size) <= 0) low = middle + 1
      else high = middle
    }
    let node = low - 1
    while (node >= 0 && this.isEmpty(node)) node--
    return node
  }

  /** All RRsets of a node, by type in ascending order. */
  rrsets(node: number, owner = this.nameOf(node)): RRset[] {
    const sets: RRset[] = []
    for (let index = this.#firstRRset(node); index < this.#firstRRset(node + 1); index++)
      sets.push(this.#rrsetAt(index, owner))
    return sets
  }

  rrset(node: number, type: number, owner?: Uint8Array): RRset | undefined {
    const index = this.#rrsetIndex(node, type)
    return index < 0 ? undefined : this.#rrsetAt(index, owner ?? this.nameOf(node))
  }

  hasType(node: number, type: number): boolean {
    return this.#rrsetIndex(node, type) >= 0
  }

  /** The RRSIG records of a node that cover `type`. */
  signatures(node: number, type: number, owner?: Uint8Array): RRset[] {
    const all = this.rrset(node, TYPE_RRSIG, owner)
    if (all === undefined) return []
    return eachOf(all).filter(({ bytes, start }) => coveredType(bytes, start) === type)
  }

  #keyOf(node: number): number {
    return this.#words[HEADER_WORDS + NODE_WORDS * node]!
  }

  #firstRRset(node: number): number {
    return this.#words[HEADER_WORDS + NODE_WORDS * node + 1]!
  }

  #rrsetIndex(node: number, type: number): number {
    const end = this.#firstRRset(node + 1)
    for (let index = this.#firstRRset(node); index < end; index++)
      if (this.#words[this.#rrsetsWord + RRSET_WORDS * index] === type) return index
    return -1
  }

  #rrsetAt(index: number, owner: Uint8Array): RRset {
    const word = this.#rrsetsWord + RRSET_WORDS * index
    const start = this.#recordsOffset + this.#words[word + 1]!
    const end = this.#recordsOffset + this.#words[word + RRSET_WORDS + 1]!
    return { owner, type: this.#words[word]!, bytes: this.#bytes, start, end }
  }

  #compare(node: number, key: Uint8Array, size: number): number {
    return compareKeys(this.#bytes, this.#keyOf(node), this.#keyOf(node + 1), key, 0, size)
  }

  /**
   * The node among `low` to `high` whose key is the first `size` bytes of `key`; -1 if there is
   * none.
   */
  #search(key: Uint8Array, size: number, low: number, high: number): number {
    let from = low
    let to = high
    while (from < to) {
      const middle = (from + to) >>> 1
      const order = this.#compare(middle, key, size)
      if (order === 0) return middle
      if (order < 0) from = middle + 1
      else to = middle
    }
    return -1
  }
}
