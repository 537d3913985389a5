// Hot path. A zone tree (tree.ts) as it lies in the records memory, read without objects: where a
// name stands in it, and where its records lie. One look-up at a time.

import { getU16 } from '../wire/header.ts'
import { TYPE_DNAME, TYPE_NS } from '../wire/rrtypes.ts'
import { MAX_KEY_SIZE, writeKey } from './canonical-key.ts'
import {
  FLAG_APEX_HAS_DATA,
  FLAG_DNSSEC,
  HEADER_WORDS,
  NODE_WORDS,
  RECORD_HEAD_BYTES,
  RRSET_WORDS,
  WORD_FLAGS,
  WORD_KEY_BYTES,
  WORD_NODES,
  WORD_ORIGIN_NODE,
  WORD_RRSETS,
  WORD_SOA_NODE,
} from './tree.ts'

const STAR = 0x2a

export class TreeCursor {
  /** The memory that trees lie in. Read only. */
  readonly bytes: Uint8Array
  readonly #words: Int32Array
  readonly #key = new Uint8Array(MAX_KEY_SIZE)
  // The tree, as words and bytes of the memory.
  #nodesWord = 0
  #rrsetsWord = 0
  #keysAt = 0
  #recordsAt = 0
  #flags = 0
  originNode = 0
  soaNode = 0

  // What seek has found.

  /** The node of the name, or the last one above it. */
  node = 0
  isFound = false
  /** The node above that of the name; -1 for that of the origin. */
  parent = 0

  // What find has found: records lie in `bytes` from `start` to `end`.
  start = 0
  end = 0

  /** `words` and `bytes` are one memory. */
  constructor(words: Int32Array, bytes: Uint8Array) {
    this.#words = words
    this.bytes = bytes
  }

  /** The tree that begins at byte `at`, a multiple of 4, is looked at from now on. */
  open(at: number): void {
    const words = this.#words
    const header = at >>> 2
    this.#nodesWord = header + HEADER_WORDS
    this.#rrsetsWord = this.#nodesWord + NODE_WORDS * (words[header + WORD_NODES]! + 1)
    this.#keysAt = 4 * (this.#rrsetsWord + RRSET_WORDS * (words[header + WORD_RRSETS]! + 1))
    this.#recordsAt = this.#keysAt + words[header + WORD_KEY_BYTES]!
    this.#flags = words[header + WORD_FLAGS]!
    this.originNode = words[header + WORD_ORIGIN_NODE]!
    this.soaNode = words[header + WORD_SOA_NODE]!
  }

  /** DO may change answers other than referrals. */
  get hasDnssec(): boolean {
    return (this.#flags & FLAG_DNSSEC) !== 0
  }

  /**
   * Goes to the name in wire form that begins at `name[0]`; it is the origin or below it. False if
   * a DNAME stands above it, or a cut at it or above.
   */
  seek(name: Uint8Array): boolean {
    const key = this.#key
    const size = writeKey(name, key, 0)
    let node = this.originNode
    let end = this.#keyOf(node + 1) - this.#keyOf(node)
    this.parent = -1
    this.isFound = false
    while (end < size) {
      if (this.#leadsOn(node, true)) return false
      const shared = end
      while (key[end] !== 0) end++
      const child = this.#search(++end, shared, node + 1, this.#endOf(node))
      if (child < 0) {
        this.node = node
        return true
      }
      this.parent = node
      node = child
    }
    this.node = node
    this.isFound = true
    return !this.#leadsOn(node, false)
  }

  /** Whether the node has records that answer. */
  hasData(node: number): boolean {
    if (node === this.originNode) return (this.#flags & FLAG_APEX_HAS_DATA) !== 0
    return this.#firstRRset(node) !== this.#firstRRset(node + 1)
  }

  hasBelow(node: number): boolean {
    return this.#endOf(node) > node + 1
  }

  /** The child whose label is `*` of a node above the name sought, or of its own; -1 for none. */
  wildcardBelow(node: number): number {
    const key = this.#key
    const size = this.#keyOf(node + 1) - this.#keyOf(node)
    key[size] = STAR
    key[size + 1] = 0
    return this.#search(size + 2, size, node + 1, this.#endOf(node))
  }

  /** Sets `start` and `end` to the records of a node's type; false if there are none. */
  find(node: number, type: number): boolean {
    const words = this.#words
    const last = this.#firstRRset(node + 1)
    for (let index = this.#firstRRset(node); index < last; index++) {
      const word = this.#rrsetsWord + RRSET_WORDS * index
      if (words[word] !== type) continue
      this.start = this.#recordsAt + words[word + 1]!
      this.end = this.#recordsAt + words[word + RRSET_WORDS + 1]!
      return true
    }
    return false
  }

  /** Bytes of the record at an offset in `bytes`: its head and its rdata. */
  recordSize(at: number): number {
    return RECORD_HEAD_BYTES + getU16(this.bytes, at + 8)
  }

  /** Whether others than the node answer for what is below it, or, unless `isAbove`, for itself. */
  #leadsOn(node: number, isAbove: boolean): boolean {
    const words = this.#words
    const last = this.#firstRRset(node + 1)
    for (let index = this.#firstRRset(node); index < last; index++) {
      const type = words[this.#rrsetsWord + RRSET_WORDS * index]!
      if (type === TYPE_NS && node !== this.originNode) return true
      if (type === TYPE_DNAME && isAbove) return true
      // They stand in ascending order.
      if (type > TYPE_DNAME) return false
    }
    return false
  }

  #keyOf(node: number): number {
    return this.#words[this.#nodesWord + NODE_WORDS * node]!
  }

  #firstRRset(node: number): number {
    return this.#words[this.#nodesWord + NODE_WORDS * node + 1]!
  }

  #endOf(node: number): number {
    return this.#words[this.#nodesWord + NODE_WORDS * node + 2]!
  }

  /**
   * The node among `low` to `high` whose key is the first `size` bytes of the key that is sought;
   * the first `shared` bytes are those of all of them. -1 if there is none.
   */
  #search(size: number, shared: number, low: number, high: number): number {
    const { bytes } = this
    const key = this.#key
    let from = low
    let to = high
    while (from < to) {
      const middle = (from + to) >>> 1
      const keyAt = this.#keysAt + this.#keyOf(middle)
      const own = this.#keysAt + this.#keyOf(middle + 1) - keyAt
      const most = Math.min(own, size)
      let at = shared
      while (at < most && bytes[keyAt + at] === key[at]) at++
      const order = at < most ? bytes[keyAt + at]! - key[at]! : own - size
      if (order === 0) return middle
      if (order < 0) from = middle + 1
      else to = middle
    }
    return -1
  }
}
