// Protocol Buffers on the wire, as far as the API server uses them: one field after the other, each
// a tag and a varint, a run of bytes, or four or eight bytes. Nothing is copied, no string is made,
// and nothing is read that has not been asked for. Messages in messages are runs of bytes: whoever
// wants what is in one reads it with a reader of its own, so that nesting costs no stack.

import { KubeError } from '../kube-error.ts'

/** Types of fields, the low three bits of a tag. */
const VARINT = 0
const EIGHT_BYTES = 1
const RUN = 2
const FOUR_BYTES = 5

const LONGEST_VARINT = 10

/** Tags to compare `tag` with. A field of another type than the one that is meant is unknown. */
export const numberTag = (field: number): number => (field << 3) | VARINT
export const runTag = (field: number): number => (field << 3) | RUN

/** The server can be asked for JSON instead. */
export class DamagedProtobuf extends KubeError {}

export const damaged = (why: string): DamagedProtobuf =>
  new DamagedProtobuf('body', `the API server sends protobuf that cannot be read: ${why}`)

const NOTHING = Buffer.alloc(0)

/** Reads the fields of one message. May be used for any number of them, one at a time. */
export class WireReader {
  bytes: Buffer = NOTHING
  tag = 0
  /** A varint's low 32 bits, with a sign: what an int32 or a bool is. */
  number = 0
  /** Where a run of bytes begins and ends. */
  start = 0
  end = 0
  #at = 0
  #limit = 0
  #isLong = false

  /** Before the first field of the message from `start` to `end`, which stay so until `next`. */
  over(bytes: Buffer, start: number, end: number): this {
    this.bytes = bytes
    this.start = start
    this.end = end
    this.#at = start
    this.#limit = end
    return this
  }

  /** Before the first field of the message that is the run where `other` stands. */
  into(other: WireReader): this {
    return this.over(other.bytes, other.start, other.end)
  }

  /** False behind the last field. Throws a KubeError for what is no message. */
  next(): boolean {
    if (this.#at >= this.#limit) return false
    const tag = this.#varint()
    if (this.#isLong || tag >>> 3 === 0) throw damaged('a field has no number')
    this.tag = tag
    switch (tag & 7) {
      case VARINT:
        this.number = this.#varint()
        return true
      case RUN:
        this.end = this.#behind(this.#length())
        this.start = this.#at
        this.#at = this.end
        return true
      case EIGHT_BYTES:
        this.#at = this.#behind(8)
        return true
      case FOUR_BYTES:
        this.#at = this.#behind(4)
        return true
      default:
        throw damaged(`a field is of type ${tag & 7}`)
    }
  }

  /** The run as text. */
  get text(): string {
    return textOf(this.bytes, this.start, this.end)
  }

  get #left(): number {
    return this.#limit - this.#at
  }

  #behind(bytes: number): number {
    if (bytes > this.#left) throw damaged('a field is longer than its message')
    return this.#at + bytes
  }

  #length(): number {
    const length = this.#varint()
    if (this.#isLong || length < 0) throw damaged('a field is longer than its message')
    return length
  }

  #varint(): number {
    const { bytes } = this
    const limit = this.#limit
    let at = this.#at
    this.#isLong = false
    if (at >= limit) throw damaged('a number is cut off')
    let byte = bytes[at++]!
    let value = byte & 0x7f
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift >= 7 * LONGEST_VARINT) throw damaged('a number has more than ten bytes')
      if (at >= limit) throw damaged('a number is cut off')
      byte = bytes[at++]!
      // What does not fit into 32 bits is not kept, but for the fact.
      if (shift < 32) value |= (byte & 0x7f) << shift
      if (shift >= 32 ? (byte & 0x7f) !== 0 : shift === 28 && (byte & 0x70) !== 0)
        this.#isLong = true
    }
    this.#at = at
    return value
  }
}

export const textOf = (bytes: Buffer, start: number, end: number): string =>
  bytes.toString(isAscii(bytes, start, end) ? 'latin1' : 'utf8', start, end)

export const isAscii = (bytes: Uint8Array, start: number, end: number): boolean => {
  for (let at = start; at < end; at++) if (bytes[at]! >= 0x80) return false
  return true
}

/** Whether the run is this text, which is ASCII. */
export const isText = (bytes: Uint8Array, start: number, end: number, text: string): boolean => {
  if (end - start !== text.length) return false
  for (let k = 0; k < text.length; k++) if (bytes[start + k] !== text.charCodeAt(k)) return false
  return true
}

/**
 * A string table that remembers the last few hundred short texts, so that what repeats (namespaces,
 * above all) is one string. A text that falls on another's place replaces it.
 */
const PLACES = 512
const LONGEST_REMEMBERED = 63
const remembered: string[] = new Array<string>(PLACES).fill('')

export const sharedTextOf = (bytes: Buffer, start: number, end: number): string => {
  if (end - start > LONGEST_REMEMBERED) return textOf(bytes, start, end)
  let hash = 0
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0
  const place = (hash ^ (hash >>> 9)) & (PLACES - 1)
  const known = remembered[place]!
  if (isText(bytes, start, end, known)) return known
  const text = textOf(bytes, start, end)
  remembered[place] = text
  return text
}
