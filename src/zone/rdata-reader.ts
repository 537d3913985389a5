// The tokens behind a record's type, taken one after the other, and the rdata that is made of them.
// A reader is used for any number of records; the first thing that is wrong stays as its problem.

import {
  NAME_BAD_ESCAPE,
  NAME_EMPTY_LABEL,
  NAME_LABEL_TOO_LONG,
  NAME_TOO_LONG,
  readNameText,
} from '../wire/name-text.ts'
import type { ScanFault, Scanner } from './scanner.ts'
import { quoted } from './zone-problem.ts'

export const MAX_RDATA_SIZE = 65535

const AT = 0x40
const BACKSLASH = 0x5c

const NAME_FAULTS: ReadonlyMap<number, string> = new Map([
  [NAME_EMPTY_LABEL, 'has an empty label'],
  [NAME_LABEL_TOO_LONG, 'has a label of more than 63 bytes'],
  [NAME_TOO_LONG, 'has more than 255 bytes'],
  [NAME_BAD_ESCAPE, 'has a broken escape'],
])

const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= 0x30 && byte <= 0x39

export class RdataReader {
  /** The rdata so far is its first `length` bytes. A name may be tried behind the largest rdata. */
  readonly out = new Uint8Array(MAX_RDATA_SIZE + 256)
  length = 0
  scanner: Scanner
  /** Wire form; names without a trailing dot are relative to it. */
  origin: Uint8Array
  problem: ScanFault | undefined
  #index = 0

  constructor(scanner: Scanner, origin: Uint8Array) {
    this.scanner = scanner
    this.origin = origin
  }

  /** Goes on with the token `index` of the scanner's entry, with empty rdata. */
  start(index: number): void {
    this.#index = index
    this.length = 0
    this.problem = undefined
  }

  get rdata(): Uint8Array {
    return this.out.subarray(0, this.length)
  }

  hasMore(): boolean {
    return this.#index < this.scanner.count
  }

  /**
   * The index of the next token, which is thereby taken; -1, with a problem, if there is none.
   * `what` names it: `an address`.
   */
  take(what: string): number {
    if (this.#index < this.scanner.count) return this.#index++
    return this.fail(`${what} is missing`, this.#index) ? 0 : -1
  }

  /**
   * Records a problem that is shown at a token, by default at the last one that was taken. Always
   * false.
   */
  fail(message: string, index = this.#index - 1): false {
    this.problem ??= { message, offset: this.scanner.shownAt(index) }
    return false
  }

  /** Records that a token is not what it should be: `300x is not a number`. Always false. */
  failAt(index: number, isWhat: string): false {
    return this.fail(`${quoted(this.scanner.shown(index))} ${isWhat}`, index)
  }

  /** The text of the next token; undefined, with a problem, if there is none. */
  word(what: string): string | undefined {
    const index = this.take(what)
    return index < 0 ? undefined : this.scanner.text(index)
  }

  put(byte: number): boolean {
    if (this.length >= MAX_RDATA_SIZE)
      return this.fail(`the data of a record has more than ${MAX_RDATA_SIZE} bytes`)
    this.out[this.length++] = byte
    return true
  }

  putAll(bytes: ArrayLike<number>): boolean {
    if (this.length + bytes.length > MAX_RDATA_SIZE)
      return this.fail(`the data of a record has more than ${MAX_RDATA_SIZE} bytes`)
    this.out.set(bytes, this.length)
    this.length += bytes.length
    return true
  }

  /** A number in `size` bytes. */
  putNumber(value: number, size: number): boolean {
    for (let shift = 8 * (size - 1); shift >= 0; shift -= 8)
      if (!this.put(Math.floor(value / 2 ** shift) & 255)) return false
    return true
  }

  /** A decimal number of at most `max`; -1, with a problem, if the next token is none. */
  number(what: string, max: number): number {
    const index = this.take(what)
    if (index < 0) return -1
    const { bytes, starts, ends } = this.scanner
    let value = 0
    let at = starts[index]!
    for (; at < ends[index]! && isDigit(bytes[at]) && value <= max; at++)
      value = 10 * value + bytes[at]! - 0x30
    if (at === ends[index] && at > starts[index]! && value <= max) return value
    this.failAt(index, `is not ${what} from 0 to ${max}`)
    return -1
  }

  /** A name, `@` for the origin. */
  name(what: string): boolean {
    const index = this.take(what)
    if (index < 0) return false
    const length = this.nameAt(index, this.out, this.length)
    if (length < 0) return this.failAt(index, `is not a name: it ${NAME_FAULTS.get(length)}`)
    this.length += length
    if (this.length <= MAX_RDATA_SIZE) return true
    return this.fail(`the data of a record has more than ${MAX_RDATA_SIZE} bytes`)
  }

  /**
   * Writes the name that a token holds to `out`; returns its length, or readNameText's negative
   * number.
   */
  nameAt(index: number, out: Uint8Array, outOffset: number): number {
    const { bytes, starts, ends } = this.scanner
    const from = starts[index]!
    const to = ends[index]!
    if (to - from !== 1 || bytes[from] !== AT)
      return readNameText(bytes, from, to, this.origin, out, outOffset)
    out.set(this.origin, outOffset)
    return this.origin.length
  }

  /**
   * The bytes of a token, `\DDD` and `\X` resolved, to the rdata; what comes over `limit` bytes is
   * left to the caller: see `string`.
   */
  octets(index: number): boolean {
    const { bytes, starts, ends } = this.scanner
    const end = ends[index]!
    for (let at = starts[index]!; at < end; at++) {
      let byte = bytes[at]!
      if (byte === BACKSLASH) {
        byte = this.#escaped(at + 1, end)
        if (byte < 0 || byte > 255) return this.failAt(index, 'has a broken escape')
        at += isDigit(bytes[at + 1]) ? 3 : 1
      }
      if (!this.put(byte)) return false
    }
    return true
  }

  #escaped(at: number, end: number): number {
    const { bytes } = this.scanner
    if (at >= end) return -1
    if (!isDigit(bytes[at])) return bytes[at]!
    if (at + 3 > end || !isDigit(bytes[at + 1]) || !isDigit(bytes[at + 2])) return -1
    return 100 * (bytes[at]! - 0x30) + 10 * (bytes[at + 1]! - 0x30) + bytes[at + 2]! - 0x30
  }

  /** A character-string of at most 255 bytes. */
  string(what: string): boolean {
    const index = this.take(what)
    if (index < 0) return false
    const lengthAt = this.length
    if (!this.put(0) || !this.octets(index)) return false
    const size = this.length - lengthAt - 1
    this.out[lengthAt] = size
    return size <= 255 || this.failAt(index, `has ${size} bytes, which is more than 255`)
  }

  /** A text of any length, cut into character-strings of 255 bytes, as CoreDNS does. */
  longString(what: string): boolean {
    const index = this.take(what)
    if (index < 0) return false
    const start = this.length
    if (!this.octets(index)) return false
    const bytes = this.out.slice(start, this.length)
    this.length = start
    let at = 0
    do {
      const piece = bytes.subarray(at, at + 255)
      if (!this.put(piece.length) || !this.putAll(piece)) return false
      at += 255
    } while (at < bytes.length)
    return true
  }

  /** All tokens to the end, put together; undefined, with a problem, if that is no text at all. */
  rest(what: string): string | undefined {
    let text = ''
    while (this.hasMore()) text += this.scanner.text(this.#index++)
    if (text !== '') return text
    this.fail(`${what} is missing`, this.#index)
    return undefined
  }
}
