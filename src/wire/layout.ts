// Where the records of a message lie. Reading checks all bounds, the names in owners and known
// rdata, and a budget for following pointers; it copies nothing. Options inside OPT are read by
// edns.ts.

import {
  getAncount,
  getArcount,
  getNscount,
  getQdcount,
  getU16,
  getU32,
  HEADER_SIZE,
} from './header.ts'
import { NameCursor, NO_POINTERS, walkName } from './name.ts'
import { type RdataVisitor, walkRdata } from './rdata-shape.ts'
import { TYPE_OPT } from './rrtypes.ts'

export const MAX_MESSAGE_SIZE = 65535
/**
 * Labels that the names of one message may have in all once expanded, a pointer counting as four:
 * 65,536 pointers at most. A full message of the shortest PTR records under ip6.arpa stays below
 * it; the worst bomb of 64 KiB costs some milliseconds until it is refused.
 */
export const LABEL_BUDGET = 262_144
const LABELS_PER_HOP = 4
/** A root owner, type, class, TTL and an empty rdata. */
const MIN_RECORD_SIZE = 11

/** What a layout is made of. */
type LayoutParts = Pick<
  MessageLayout,
  | 'questionEnd'
  | 'answerCount'
  | 'authorityCount'
  | 'count'
  | 'optIndex'
  | 'optCount'
  | 'end'
  | 'uncompressedLength'
>

/**
 * Records are numbered from 0 through answer, authority and additional. Values are read from the
 * message's bytes as they are now.
 */
export class MessageLayout {
  /** Offset behind the question; 12 if the message has none. */
  readonly questionEnd: number
  readonly answerCount: number
  readonly authorityCount: number
  readonly additionalCount: number
  /** All records, OPT included. */
  readonly count: number
  /** Index of the first OPT record, in whatever section it stands; -1 for none. */
  readonly optIndex: number
  readonly optCount: number
  /** Bytes of the message; what follows is garbage and ignored. */
  readonly end: number
  /** Size of the whole message with every name written out, OPT included. May exceed 65535. */
  readonly uncompressedLength: number
  readonly #bytes: Uint8Array
  /** For record i: the offset of its owner at 2i, of its type field at 2i + 1. */
  readonly #offsets: Uint16Array

  constructor(bytes: Uint8Array, parts: LayoutParts, offsets: Uint16Array) {
    this.#bytes = bytes
    this.#offsets = offsets
    this.questionEnd = parts.questionEnd
    this.answerCount = parts.answerCount
    this.authorityCount = parts.authorityCount
    this.additionalCount = parts.count - parts.answerCount - parts.authorityCount
    this.count = parts.count
    this.optIndex = parts.optIndex
    this.optCount = parts.optCount
    this.end = parts.end
    this.uncompressedLength = parts.uncompressedLength
  }

  /**
   * The layout of a copy of the message: records, names and sizes are the same, TTLs and header may
   * be others.
   */
  of(copy: Uint8Array): MessageLayout {
    return new MessageLayout(copy, this, this.#offsets)
  }

  /**
   * The layout of a copy that has the first `stay` records, with an OPT record of `optSize` bytes
   * behind them, or none (0). Undefined if more than an OPT record is gone: then it has to be read.
   */
  endingAt(copy: Uint8Array, stay: number, optSize: number): MessageLayout | undefined {
    const { questionEnd, answerCount, authorityCount, optIndex } = this
    const isWhole = stay === this.count
    if (isWhole ? optIndex >= 0 : !this.#isOptAtEnd(stay)) return undefined
    const end = isWhole ? this.end : this.#offsets[2 * stay]!
    const hasOpt = optSize > 0
    const parts = {
      questionEnd,
      answerCount,
      authorityCount,
      count: hasOpt ? stay + 1 : stay,
      optIndex: hasOpt ? stay : -1,
      optCount: hasOpt ? 1 : 0,
      end: end + optSize,
      uncompressedLength: this.uncompressedLength - (this.end - end) + optSize,
    }
    return new MessageLayout(copy, parts, isWhole && hasOpt ? this.#offsetsAnd(end) : this.#offsets)
  }

  /** Whether the last record is an OPT record as it should be. */
  #isOptAtEnd(index: number): boolean {
    return (
      index === this.optIndex &&
      index === this.count - 1 &&
      this.sectionOf(index) === 2 &&
      this.#bytes[this.#offsets[2 * index]!] === 0
    )
  }

  #offsetsAnd(optOffset: number): Uint16Array {
    const offsets = new Uint16Array(2 * this.count + 2)
    offsets.set(this.#offsets)
    offsets[2 * this.count] = optOffset
    offsets[2 * this.count + 1] = optOffset + 1
    return offsets
  }

  ownerOffset(index: number): number {
    return this.#offsets[2 * index]!
  }
  type(index: number): number {
    return getU16(this.#bytes, this.#offsets[2 * index + 1]!)
  }
  class(index: number): number {
    return getU16(this.#bytes, this.#offsets[2 * index + 1]! + 2)
  }
  ttlOffset(index: number): number {
    return this.#offsets[2 * index + 1]! + 4
  }
  /** Seconds as in the message, up to 2^32 - 1; for OPT this is no time. */
  ttl(index: number): number {
    return getU32(this.#bytes, this.#offsets[2 * index + 1]! + 4)
  }
  rdataOffset(index: number): number {
    return this.#offsets[2 * index + 1]! + 10
  }
  rdataLength(index: number): number {
    return getU16(this.#bytes, this.#offsets[2 * index + 1]! + 8)
  }
  /** 0 answer, 1 authority, 2 additional. */
  sectionOf(index: number): 0 | 1 | 2 {
    if (index < this.answerCount) return 0
    return index < this.answerCount + this.authorityCount ? 1 : 2
  }
}

const NO_OFFSETS = new Uint16Array(0)

/**
 * One reading of a message. As a visitor of rdata it sums up what the pieces come to once expanded.
 */
class LayoutWalk implements RdataVisitor {
  at = HEADER_SIZE
  questionEnd = HEADER_SIZE
  answerCount = 0
  authorityCount = 0
  count = 0
  optIndex = -1
  optCount = 0
  length = HEADER_SIZE
  get end(): number {
    return this.at
  }
  get uncompressedLength(): number {
    return this.length
  }
  offsets: Uint16Array = NO_OFFSETS
  #labelsLeft = LABEL_BUDGET
  readonly #bytes: Uint8Array
  readonly #cursor = new NameCursor()

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  read(): boolean {
    const bytes = this.#bytes
    if (bytes.length < HEADER_SIZE || bytes.length > MAX_MESSAGE_SIZE) return false
    // Some servers refuse with nothing but a header whose counts are the query's (9.9.9.9 does;
    // miekg/dns takes it so).
    if (bytes.length === HEADER_SIZE) return true
    const questions = getQdcount(bytes, 0)
    if (questions > 1 || (questions === 1 && !this.#question())) return false
    this.answerCount = getAncount(bytes, 0)
    this.authorityCount = getNscount(bytes, 0)
    const count = this.answerCount + this.authorityCount + getArcount(bytes, 0)
    if (count * MIN_RECORD_SIZE > bytes.length - this.at) return false
    if (count > 0) this.offsets = new Uint16Array(2 * count)
    for (let i = 0; i < count; i++) if (!this.#record(i)) return false
    this.count = count
    return true
  }

  rdataBytes(_bytes: Uint8Array, from: number, to: number): boolean {
    this.length += to - from
    return true
  }

  rdataName(_bytes: Uint8Array, _offset: number, cursor: NameCursor): boolean {
    return this.#spend(cursor)
  }

  #spend(cursor: NameCursor): boolean {
    this.length += cursor.length
    this.#labelsLeft -= cursor.labels + LABELS_PER_HOP * cursor.hops
    return this.#labelsLeft >= 0
  }

  #question(): boolean {
    const bytes = this.#bytes
    if (!walkName(bytes, HEADER_SIZE, bytes.length, NO_POINTERS, this.#cursor)) return false
    this.at = this.#cursor.end + 4
    this.length = this.at
    this.questionEnd = this.at
    return this.at <= bytes.length
  }

  #record(index: number): boolean {
    const bytes = this.#bytes
    const cursor = this.#cursor
    if (!walkName(bytes, this.at, bytes.length, HEADER_SIZE, cursor) || !this.#spend(cursor))
      return false
    const fields = cursor.end
    const rdata = fields + 10
    if (rdata > bytes.length) return false
    this.offsets[2 * index] = this.at
    this.offsets[2 * index + 1] = fields
    const type = getU16(bytes, fields)
    const end = rdata + getU16(bytes, fields + 8)
    if (end > bytes.length) return false
    if (type === TYPE_OPT && this.optCount++ === 0) this.optIndex = index
    this.length += 10
    this.at = end
    return walkRdata(bytes, rdata, end, HEADER_SIZE, type, cursor, this)
  }
}

/**
 * Reads a whole message; undefined if it is malformed, has two questions or more, or is over the
 * budget. `bytes` is borrowed.
 */
export const readLayout = (bytes: Uint8Array): MessageLayout | undefined => {
  const walk = new LayoutWalk(bytes)
  return walk.read() ? new MessageLayout(bytes, walk, walk.offsets) : undefined
}
