// Makes a ZoneTree of records that come in any order: from a master file, a transfer, or a signer.
// Records are kept packed until then. Building sorts owners into canonical order and puts each
// RRset's records together; like parsing it is cut in slices. Names in the data of some types
// become lower case, as in CoreDNS.

import { getU16, getU32, setU16, setU32 } from '../wire/header.ts'
import { foldByte, NameCursor, NO_POINTERS } from '../wire/name.ts'
import { type RdataVisitor, walkRdata } from '../wire/rdata-shape.ts'
import * as rr from '../wire/rrtypes.ts'
import { compareKeys, MAX_KEY_SIZE, writeKey } from './canonical-key.ts'
import * as tree from './tree.ts'

/** Records and names of a zone. */
export const MAX_ZONE_BYTES = 2 ** 30
/** Owners sorted, or owners and records laid out, by one `buildSlice`: some milliseconds. */
export const SLICE_OWNERS = 8192

/** Types whose targets CoreDNS keeps in lower case; those of SRV and PTR, say, keep theirs. */
const FOLDED_TYPES: ReadonlySet<number> = new Set([
  rr.TYPE_NS,
  rr.TYPE_CNAME,
  rr.TYPE_SOA,
  rr.TYPE_MX,
  rr.TYPE_SVCB,
  rr.TYPE_HTTPS,
])

/** What DO adds to answers that are no referrals. */
const DNSSEC_TYPES: ReadonlySet<number> = new Set([rr.TYPE_RRSIG, rr.TYPE_NSEC])

/** Where a tree of so many bytes is to stand: memory of any contents from byte `offset` on. */
export type TreeMemory = (bytes: number) => {
  readonly buffer: ArrayBufferLike
  /** A multiple of 4. */
  readonly offset: number
}

const ownMemory: TreeMemory = bytes => ({ buffer: new ArrayBuffer(bytes), offset: 0 })

/** Trees that have been made. */
let stamps = 0

/** The serial stands in front of four other numbers, which end an SOA record. */
export const SERIAL_FROM_END = 20

const cursor = new NameCursor()

/** Makes the names of rdata lower case in its copy. */
class NameFolder implements RdataVisitor {
  readonly #copy: Uint8Array
  readonly #copyOffset: number

  constructor(copy: Uint8Array, copyOffset: number) {
    this.#copy = copy
    this.#copyOffset = copyOffset
  }

  rdataBytes(): boolean {
    return true
  }

  rdataName(bytes: Uint8Array, offset: number, { length }: NameCursor): boolean {
    for (let at = offset; at < offset + length; at++)
      this.#copy[this.#copyOffset + at] = foldByte(bytes[at]!)
    return true
  }
}

/** Bytes that grow. */
class ByteStore {
  bytes = new Uint8Array(4096)
  length = 0

  /** Room for `size` more; their offset. */
  room(size: number): number {
    const from = this.length
    this.length += size
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, 2 * this.bytes.length))
      grown.set(this.bytes.subarray(0, from))
      this.bytes = grown
    }
    return from
  }
}

/** Numbers that grow. */
class NumberStore {
  numbers = new Uint32Array(1024)
  length = 0

  push(number: number): void {
    if (this.length === this.numbers.length) {
      const grown = new Uint32Array(2 * this.length)
      grown.set(this.numbers)
      this.numbers = grown
    }
    this.numbers[this.length++] = number
  }
}

export class ZoneBuilder {
  readonly #origin: Uint8Array
  readonly #records = new ByteStore()
  readonly #keys = new ByteStore()
  /** Records of the same owner that came one after the other: where their key and they start. */
  readonly #runKeys = new NumberStore()
  readonly #runRecords = new NumberStore()
  readonly #key = new Uint8Array(MAX_KEY_SIZE)
  /** The last SOA record, whatever its owner. */
  #soa:
    | {
        readonly owner: Uint8Array
        readonly class: number
        readonly ttlSeconds: number
        readonly rdata: Uint8Array
      }
    | undefined
  #phases: Generator<void, tree.ZoneTree> | undefined
  #built: tree.ZoneTree | undefined
  readonly #memory: TreeMemory

  /** `origin` is a wire name. What `memory` throws, the slice throws that asks for it. */
  constructor(origin: Uint8Array, memory: TreeMemory = ownMemory) {
    this.#origin = origin
    this.#memory = memory
  }

  get hasSoa(): boolean {
    return this.#soa !== undefined
  }

  /**
   * Takes a record; `owner` and `rdata`, in wire form without pointers, are copied. False if the
   * zone is too large for it.
   */
  add(
    owner: Uint8Array,
    type: number,
    cls: number,
    ttlSeconds: number,
    rdata: Uint8Array,
  ): boolean {
    if (type === rr.TYPE_SOA) {
      this.#soa = { owner: owner.slice(), class: cls, ttlSeconds, rdata: rdata.slice() }
      return true
    }
    if (this.#records.length + this.#keys.length + rdata.length > MAX_ZONE_BYTES) return false
    this.#append(owner, type, cls, ttlSeconds, rdata)
    return true
  }

  /**
   * Works at the tree for a while; whether it is done. There must be an SOA record, and no record
   * is added from now on.
   */
  buildSlice(): boolean {
    this.#phases ??= this.#build()
    const { value, done } = this.#phases.next()
    if (done === true) this.#built = value
    return done === true
  }

  /** The tree, once buildSlice says that it is done; or all of the work at once. */
  build(): tree.ZoneTree {
    while (this.#built === undefined) this.buildSlice()
    return this.#built
  }

  #append(
    owner: Uint8Array,
    type: number,
    cls: number,
    ttlSeconds: number,
    rdata: Uint8Array,
  ): void {
    this.#enterRun(owner)
    const at = this.#records.room(tree.RECORD_HEAD_BYTES + rdata.length)
    const { bytes } = this.#records
    setU16(bytes, at, type)
    setU16(bytes, at + 2, cls)
    setU32(bytes, at + 4, ttlSeconds)
    setU16(bytes, at + 8, rdata.length)
    bytes.set(rdata, at + tree.RECORD_HEAD_BYTES)
    if (FOLDED_TYPES.has(type))
      walkRdata(
        rdata,
        0,
        rdata.length,
        NO_POINTERS,
        type,
        cursor,
        new NameFolder(bytes, at + tree.RECORD_HEAD_BYTES),
      )
  }

  /** Begins a run unless the owner is that of the last one. */
  #enterRun(owner: Uint8Array): void {
    const size = writeKey(owner, this.#key, 0)
    const from = this.#runKeys.length === 0 ? -1 : this.#runKeys.numbers[this.#runKeys.length - 1]!
    if (
      from >= 0 &&
      compareKeys(this.#keys.bytes, from, this.#keys.length, this.#key, 0, size) === 0
    )
      return
    const at = this.#keys.room(size)
    this.#keys.bytes.set(this.#key.subarray(0, size), at)
    this.#runKeys.push(at)
    this.#runRecords.push(this.#records.length)
  }

  *#build(): Generator<void, tree.ZoneTree> {
    const soa = this.#soa
    if (soa === undefined) throw new RangeError('a zone without an SOA record')
    this.#enterRun(this.#origin)
    this.#append(soa.owner, rr.TYPE_SOA, soa.class, soa.ttlSeconds, soa.rdata)
    const runs = this.#runKeys.length
    this.#runKeys.push(this.#keys.length)
    this.#runRecords.push(this.#records.length)
    const order = yield* this.#sorted(runs)
    const layout = new TreeLayout(this.#keys.bytes, this.#records.bytes)
    yield* this.#owners(order, layout)
    return yield* layout.write(this.#origin, soa.owner, this.#memory)
  }

  /**
   * The runs in canonical order of their owners; runs of one owner stay in the order in which they
   * came. A merge sort.
   */
  *#sorted(count: number): Generator<void, Uint32Array> {
    let order = Uint32Array.from({ length: count }, (_, run) => run)
    let merged = new Uint32Array(count)
    let work = 0
    for (let width = 1; width < count; width *= 2) {
      for (let low = 0; low < count; low += 2 * width) {
        const middle = Math.min(low + width, count)
        const high = Math.min(low + 2 * width, count)
        let left = low
        let right = middle
        for (let to = low; to < high; to++) {
          const takesLeft =
            right >= high || (left < middle && this.#compareRuns(order[left]!, order[right]!) <= 0)
          merged[to] = takesLeft ? order[left++]! : order[right++]!
          if (++work % SLICE_OWNERS === 0) yield
        }
      }
      ;[order, merged] = [merged, order]
    }
    return order
  }

  #compareRuns(a: number, b: number): number {
    const { bytes } = this.#keys
    const { numbers } = this.#runKeys
    return compareKeys(bytes, numbers[a]!, numbers[a + 1]!, bytes, numbers[b]!, numbers[b + 1]!)
  }

  /** Gives each owner and its records to the layout. */
  *#owners(order: Uint32Array, layout: TreeLayout): Generator<void, void> {
    const { numbers: keys } = this.#runKeys
    let work = 0
    for (let i = 0; i < order.length; ) {
      const first = order[i]!
      const records: number[] = []
      do this.#collect(order[i++]!, records)
      while (i < order.length && this.#compareRuns(first, order[i]!) === 0)
      layout.owner(keys[first]!, keys[first + 1]!, records)
      work += 1 + records.length
      if (work < SLICE_OWNERS) continue
      yield
      work = 0
    }
  }

  /** Adds the offsets of a run's records. */
  #collect(run: number, records: number[]): void {
    const { bytes } = this.#records
    const { numbers } = this.#runRecords
    for (
      let at = numbers[run]!;
      at < numbers[run + 1]!;
      at += tree.RECORD_HEAD_BYTES + getU16(bytes, at + 8)
    )
      records.push(at)
  }
}

/**
 * Nodes, RRsets and keys as they come in canonical order, and the order in which records will
 * stand.
 */
class TreeLayout {
  readonly #sourceKeys: Uint8Array
  readonly #sourceRecords: Uint8Array
  readonly #nodes = new NumberStore()
  readonly #rrsets = new NumberStore()
  readonly #keys = new ByteStore()
  readonly #records = new NumberStore()
  /** The nodes that the last one is below, and itself. */
  readonly #path: number[] = []
  #recordBytes = 0
  #flags = 0
  #last = { from: 0, to: 0 }

  constructor(keys: Uint8Array, records: Uint8Array) {
    this.#sourceKeys = keys
    this.#sourceRecords = records
    this.#node(0, 0)
  }

  /**
   * Takes the next owner: first come the empty non-terminals between it and what it has in common
   * with the one before.
   */
  owner(from: number, to: number, records: number[]): void {
    const keys = this.#sourceKeys
    let common = 0
    for (let i = 0; from + i < to && this.#last.from + i < this.#last.to; i++) {
      if (keys[from + i] !== keys[this.#last.from + i]) break
      if (keys[from + i] === 0) common = i + 1
    }
    while (this.#path.length > 1 && this.#keySize(this.#path.at(-1)!) > common) this.#close()
    for (let end = from + common; end < to; ) {
      end = keys.indexOf(0, end) + 1
      this.#node(from, end)
    }
    this.#last = { from, to }
    this.#addRecords(records)
  }

  /** The records' RRsets by type; records of a type stay in order. */
  #addRecords(records: number[]): void {
    const bytes = this.#sourceRecords
    records.sort((a, b) => getU16(bytes, a) - getU16(bytes, b))
    let last = -1
    for (const record of records) {
      const type = getU16(bytes, record)
      if (type !== last) {
        this.#rrsets.push(type)
        this.#rrsets.push(this.#recordBytes)
        if (DNSSEC_TYPES.has(type)) this.#flags |= tree.FLAG_DNSSEC
      }
      last = type
      this.#records.push(record)
      this.#recordBytes += tree.RECORD_HEAD_BYTES + getU16(bytes, record + 8)
    }
  }

  #node(from: number, to: number): void {
    const at = this.#keys.room(to - from)
    for (let i = 0; i < to - from; i++) this.#keys.bytes[at + i] = this.#sourceKeys[from + i]!
    this.#path.push(this.#nodes.length / tree.NODE_WORDS)
    this.#nodes.push(at)
    this.#nodes.push(this.#rrsets.length / tree.RRSET_WORDS)
    this.#nodes.push(0)
  }

  /** Nothing more comes below the last node of the path. */
  #close(): void {
    this.#nodes.numbers[tree.NODE_WORDS * this.#path.pop()! + 2] =
      this.#nodes.length / tree.NODE_WORDS
  }

  #keySize(node: number): number {
    const next = tree.NODE_WORDS * (node + 1)
    const end = next < this.#nodes.length ? this.#nodes.numbers[next]! : this.#keys.length
    return end - this.#nodes.numbers[tree.NODE_WORDS * node]!
  }

  *write(
    origin: Uint8Array,
    soaOwner: Uint8Array,
    memory: TreeMemory,
  ): Generator<void, tree.ZoneTree> {
    while (this.#path.length > 0) this.#close()
    const nodes = this.#nodes.length / tree.NODE_WORDS
    const rrsets = this.#rrsets.length / tree.RRSET_WORDS
    for (const word of [this.#keys.length, rrsets, 0]) this.#nodes.push(word)
    for (const word of [0, this.#recordBytes]) this.#rrsets.push(word)
    const size = tree.treeSize(nodes, rrsets, this.#keys.length, this.#recordBytes)
    const { buffer, offset } = memory(size)
    const nodesWord = tree.HEADER_WORDS
    const words = new Uint32Array(
      buffer,
      offset,
      nodesWord + this.#nodes.length + this.#rrsets.length,
    )
    words.set(this.#nodes.numbers.subarray(0, this.#nodes.length), nodesWord)
    words.set(this.#rrsets.numbers.subarray(0, this.#rrsets.length), nodesWord + this.#nodes.length)
    words[tree.WORD_NODES] = nodes
    words[tree.WORD_RRSETS] = rrsets
    words[tree.WORD_RECORDS] = this.#records.length
    words[tree.WORD_KEY_BYTES] = this.#keys.length
    const bytes = new Uint8Array(buffer, offset + words.byteLength, size - words.byteLength)
    bytes.set(this.#keys.bytes.subarray(0, this.#keys.length))
    yield* this.#copyRecords(bytes.subarray(this.#keys.length))
    const bare = new tree.ZoneTree(buffer, offset)
    words[tree.WORD_ORIGIN_NODE] = bare.find(origin)
    words[tree.WORD_SOA_NODE] = bare.find(soaOwner)
    const { bytes: soa, end } = bare.soa
    words[tree.WORD_SERIAL] = getU32(soa, end - SERIAL_FROM_END)
    words[tree.WORD_FLAGS] = this.#flags | (hasApexData(bare) ? tree.FLAG_APEX_HAS_DATA : 0)
    words[tree.WORD_STAMP] = ++stamps
    return bare
  }

  *#copyRecords(out: Uint8Array): Generator<void, void> {
    const bytes = this.#sourceRecords
    let to = 0
    for (let i = 0; i < this.#records.length; i++) {
      const from = this.#records.numbers[i]!
      const size = tree.RECORD_HEAD_BYTES + getU16(bytes, from + 8)
      for (let at = 0; at < size; at++) out[to++] = bytes[from + at]!
      if (i % SLICE_OWNERS === SLICE_OWNERS - 1) yield
    }
  }
}

const hasApexData = (bare: tree.ZoneTree): boolean => {
  const node = bare.originNode
  const own = bare.rrsets(node)
  if (own.some(({ type }) => type !== rr.TYPE_SOA && type !== rr.TYPE_NS && type !== rr.TYPE_RRSIG))
    return true
  const signatures = own.filter(({ type }) => type === rr.TYPE_RRSIG).flatMap(tree.recordsOf)
  const ofApex = [rr.TYPE_SOA, rr.TYPE_NS].flatMap(type => bare.signatures(node, type))
  return signatures.length > ofApex.length
}
