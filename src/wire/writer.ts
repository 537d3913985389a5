// Writes messages: header, question, records, OPT, with or without name compression, up to a limit
// of bytes. Records go in section by section. The caller is responsible for their contents.

import { ROOT } from './compression.ts'
import {
  HEADER_SIZE,
  setAncount,
  setArcount,
  setFlags,
  setId,
  setNscount,
  setQdcount,
  setU16,
  setU32,
} from './header.ts'
import { MAX_MESSAGE_SIZE, type MessageLayout } from './layout.ts'
import {
  copyWalkedName,
  MAX_LABEL_SIZE,
  MAX_NAME_SIZE,
  NameCursor,
  NO_POINTERS,
  walkName,
} from './name.ts'
import { NameCompressor } from './name-compressor.ts'
import { type OptParts, optSize, writeOpt } from './opt-record.ts'
import { isWellFormedRdata, type RdataVisitor, walkRdata } from './rdata-shape.ts'

export type Section = 0 | 1 | 2

const FIRST_BUFFER_SIZE = 512

// Scratch of all writers: nothing in it outlives a call, and calls do not interleave within a
// thread.
const cursor = new NameCursor()
const nameScratch = new Uint8Array(MAX_NAME_SIZE)

export class MessageWriter implements RdataVisitor {
  /**
   * Whether names are compressed. Set it before the question is written: names written before are
   * no targets.
   */
  compress = false
  readonly #limit: number
  #reserved = 0
  #bytes: Uint8Array
  #length = HEADER_SIZE
  #section: Section = 0
  #answerCount = 0
  #authorityCount = 0
  #additionalCount = 0
  #names: NameCompressor | undefined
  /** What the name written last is as a target; ROOT if it is none. */
  #written = ROOT
  #owner: Uint8Array | undefined
  #ownerTarget = ROOT

  /** `limit` is the largest size of the message in bytes, 12 to 65535. */
  constructor(limit: number = MAX_MESSAGE_SIZE) {
    this.#limit = Math.min(limit, MAX_MESSAGE_SIZE)
    this.#bytes = new Uint8Array(Math.max(HEADER_SIZE, Math.min(this.#limit, FIRST_BUFFER_SIZE)))
  }

  /** Size of the message so far. */
  get length(): number {
    return this.#length
  }

  /** Sets id and flags word; may be called again, for TC say. */
  header(id: number, flags: number): void {
    setId(this.#bytes, 0, id)
    setFlags(this.#bytes, 0, flags)
  }

  /** Keeps so many bytes free of what record and copyRecord write; opt uses them. */
  reserve(size: number): void {
    this.#reserved = size
  }

  /**
   * Writes the question; false if it does not fit. `wire` is a name without pointers. Comes before
   * any record.
   */
  question(wire: Uint8Array, type: number, cls: number): boolean {
    const start = this.#length
    if (start !== HEADER_SIZE) throw new RangeError('the question comes first, and once')
    if (!this.#writeWireName(wire) || !this.#room(4)) return this.#takeBack(start)
    setU16(this.#bytes, this.#length, type)
    setU16(this.#bytes, this.#length + 2, cls)
    this.#length += 4
    setQdcount(this.#bytes, 0, 1)
    return true
  }

  /**
   * Writes a record; false, and nothing is written, if it does not fit. `owner` and names in
   * `rdata` are without pointers. Rdata that does not have the shape of its type is written as it
   * is. An owner that is the very array of the record before is taken to be the same name.
   */
  record(
    section: Section,
    owner: Uint8Array,
    type: number,
    cls: number,
    ttlSeconds: number,
    rdata: Uint8Array,
  ): boolean {
    const start = this.#enter(section)
    this.#names?.readFrom(undefined)
    if (!this.#writeOwner(owner)) return this.#takeBack(start)
    const fields = this.#fields(type, cls, ttlSeconds)
    if (fields < 0) return this.#takeBack(start)
    const isWritten = isWellFormedRdata(rdata, type, cursor)
      ? walkRdata(rdata, 0, rdata.length, NO_POINTERS, type, cursor, this)
      : this.rdataBytes(rdata, 0, rdata.length)
    return isWritten ? this.#close(section, fields) : this.#takeBack(start)
  }

  /**
   * Copies record `index` of another message, with another TTL if given; false, and nothing is
   * written, if it does not fit. Pointers in it are resolved first. `layout` was read from
   * `source`.
   */
  copyRecord(
    section: Section,
    source: Uint8Array,
    layout: MessageLayout,
    index: number,
    ttlSeconds?: number,
  ): boolean {
    const start = this.#enter(section)
    if (this.compress) this.#compressor.readFrom(source)
    if (!this.#copyOwner(source, layout.ownerOffset(index), layout.end))
      return this.#takeBack(start)
    const type = layout.type(index)
    const fields = this.#fields(type, layout.class(index), ttlSeconds ?? layout.ttl(index))
    if (fields < 0) return this.#takeBack(start)
    const rdata = layout.rdataOffset(index)
    const end = rdata + layout.rdataLength(index)
    const isWritten = walkRdata(source, rdata, end, HEADER_SIZE, type, cursor, this)
    return isWritten ? this.#close(section, fields) : this.#takeBack(start)
  }

  /**
   * Writes the OPT record to the additional section, into reserved room if there is any; false if
   * it does not fit.
   */
  opt(parts: OptParts): boolean {
    this.#reserved = 0
    const at = this.#enter(2)
    const size = optSize(parts.options?.length ?? 0)
    if (!this.#room(size)) return false
    writeOpt(this.#bytes, at, parts)
    this.#length += size
    this.#additionalCount++
    return true
  }

  /**
   * The message with its counts set, owned by the caller. The writer may not be used afterwards.
   */
  finish(): Uint8Array {
    const bytes = this.#bytes
    this.#names?.leave()
    setAncount(bytes, 0, this.#answerCount)
    setNscount(bytes, 0, this.#authorityCount)
    setArcount(bytes, 0, this.#additionalCount)
    return bytes.slice(0, this.#length)
  }

  /** A piece of rdata for the record being written. */
  rdataBytes(bytes: Uint8Array, from: number, to: number): boolean {
    if (!this.#room(to - from)) return false
    const out = this.#bytes
    let at = this.#length
    if (to - from > 32) {
      out.set(bytes.subarray(from, to), at)
      at += to - from
    } else {
      // Short pieces are the rule, and a loop is cheaper than a view.
      for (let i = from; i < to; i++) out[at++] = bytes[i]!
    }
    this.#length = at
    return true
  }

  /** A name in the rdata of the record being written. */
  rdataName(
    bytes: Uint8Array,
    offset: number,
    walked: NameCursor,
    isCompressible: boolean,
  ): boolean {
    return this.#writeWalkedName(bytes, offset, walked.length, isCompressible)
  }

  #enter(section: Section): number {
    if (section < this.#section)
      throw new RangeError(`section ${section} after section ${this.#section}`)
    this.#section = section
    return this.#length
  }

  #takeBack(start: number): false {
    this.#length = start
    this.#owner = undefined
    this.#names?.forget(start)
    return false
  }

  #close(section: Section, fields: number): true {
    setU16(this.#bytes, fields + 8, this.#length - fields - 10)
    if (section === 0) this.#answerCount++
    else if (section === 1) this.#authorityCount++
    else this.#additionalCount++
    return true
  }

  /** Type, class, TTL and room for RDLENGTH; returns their offset, -1 if they do not fit. */
  #fields(type: number, cls: number, ttlSeconds: number): number {
    if (!this.#room(10)) return -1
    const at = this.#length
    setU16(this.#bytes, at, type)
    setU16(this.#bytes, at + 2, cls)
    setU32(this.#bytes, at + 4, ttlSeconds)
    this.#length = at + 10
    return at
  }

  #room(size: number): boolean {
    const needed = this.#length + size
    if (needed > this.#limit - this.#reserved) return false
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(this.#limit, Math.max(needed, this.#bytes.length * 2)))
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    return true
  }

  #writeOwner(wire: Uint8Array): boolean {
    if (wire === this.#owner && this.#ownerTarget !== ROOT)
      return this.#writePointer(this.#ownerTarget)
    this.#written = ROOT
    if (!this.#writeWireName(wire)) return false
    this.#owner = wire
    this.#ownerTarget = this.#written
    return true
  }

  #writeWireName(wire: Uint8Array): boolean {
    if (!walkName(wire, 0, wire.length, NO_POINTERS, cursor))
      throw new RangeError('a name is malformed')
    return this.#writeWalkedName(wire, 0, cursor.length, true)
  }

  get #compressor(): NameCompressor {
    this.#names ??= new NameCompressor()
    return this.#names
  }

  /**
   * Names are checked once more where they are met first: TTLs and addresses may have changed
   * since, and a name may lead there.
   */
  #copyOwner(source: Uint8Array, owner: number, end: number): boolean {
    const isPointer = source[owner]! > MAX_LABEL_SIZE
    const place = isPointer ? ((source[owner]! & 0x3f) << 8) | source[owner + 1]! : owner
    if (this.#names?.isKnown(place)) return this.#writeCompressed(source, owner, true)
    return (
      walkName(source, owner, end, HEADER_SIZE, cursor) &&
      this.#writeWalkedName(source, owner, cursor.length, true)
    )
  }

  #writeWalkedName(
    bytes: Uint8Array,
    offset: number,
    length: number,
    isCompressible: boolean,
  ): boolean {
    if (this.compress && length > 1) return this.#writeCompressed(bytes, offset, isCompressible)
    if (!this.#room(length)) return false
    this.#length += copyWalkedName(bytes, offset, this.#bytes, this.#length)
    return true
  }

  /**
   * All names become targets, those of newer types too: only pointing from within them is
   * forbidden.
   */
  #writeCompressed(bytes: Uint8Array, offset: number, isCompressible: boolean): boolean {
    const names = this.#compressor
    const target = names.knownSuffix(this.#bytes, bytes, offset)
    const start = this.#length
    if (target === ROOT || !isCompressible) {
      const size = copyWalkedName(bytes, offset, nameScratch, 0)
      if (!this.rdataBytes(nameScratch, 0, size)) return false
    } else {
      const size = names.freshSize(bytes)
      if (!this.#room(size + 2)) return false
      names.copyFresh(bytes, this.#bytes, start)
      this.#length += size
      this.#writePointer(target)
    }
    this.#written = names.add(bytes, start, target)
    return true
  }

  #writePointer(target: number): boolean {
    if (!this.#room(2)) return false
    setU16(this.#bytes, this.#length, 0xc000 | target)
    this.#length += 2
    return true
  }
}
