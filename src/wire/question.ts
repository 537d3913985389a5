// Hot path. The question of a message (RFC 1035 section 4.1.2), read once. Pointers are not allowed
// in it: there is nothing before it to point to.

import { getU16, HEADER_SIZE } from './header.ts'
import { foldByte, MAX_LABEL_SIZE, MAX_NAME_SIZE, nameToText } from './name.ts'

export class Question {
  /** The qname in lower case, owned. */
  readonly folded: Uint8Array
  readonly type: number
  readonly class: number
  /** Offset in the message behind the question. */
  readonly end: number
  readonly #bytes: Uint8Array
  readonly #offset: number
  #wire: Uint8Array | undefined
  #name: string | undefined

  /**
   * The qname stands at `offset` of `bytes`, which is borrowed for as long as `wire` has not been
   * asked for; `size` is its length.
   */
  constructor(bytes: Uint8Array, offset: number, size: number, type: number, cls: number) {
    this.#bytes = bytes
    this.#offset = offset
    const folded = new Uint8Array(size)
    for (let k = 0; k < size; k++) folded[k] = foldByte(bytes[offset + k]!)
    this.folded = folded
    this.type = type
    this.class = cls
    this.end = offset + size + 4
  }

  /**
   * The qname in the case it came in, owned. Made on first use: short ones lie in V8's heap, a view
   * would move the message out of it.
   */
  get wire(): Uint8Array {
    this.#wire ??= copyOf(this.#bytes, this.#offset, this.#offset + this.folded.length)
    return this.#wire
  }

  /**
   * The qname in lower-case presentation form with a trailing dot. Made on first use: not for the
   * hot path.
   */
  get name(): string {
    this.#name ??= nameToText(this.folded)
    return this.#name
  }
}

/** The offset behind the qname at `offset`; -1 if it is malformed or does not end before `end`. */
export const qnameEnd = (bytes: Uint8Array, offset: number, end: number): number => {
  const last = Math.min(end, offset + MAX_NAME_SIZE)
  for (let at = offset; at < last; ) {
    const size = bytes[at]!
    if (size > MAX_LABEL_SIZE) return -1
    at += size + 1
    if (size === 0) return at
  }
  return -1
}

/** Reads the question at `offset`; undefined if it is malformed or cut off. */
export const readQuestion = (
  bytes: Uint8Array,
  offset: number = HEADER_SIZE,
): Question | undefined => {
  const at = qnameEnd(bytes, offset, bytes.length)
  if (at < 0 || at + 4 > bytes.length) return undefined
  return new Question(bytes, offset, at - offset, getU16(bytes, at), getU16(bytes, at + 2))
}

/** Uint8Array.prototype.slice also for a Buffer, whose own slice copies nothing. */
const copyOf = (bytes: Uint8Array, from: number, to: number): Uint8Array => {
  const copy = new Uint8Array(to - from)
  for (let k = from; k < to; k++) copy[k - from] = bytes[k]!
  return copy
}

/** Whether the message's question is this one, letter case aside. Reads no further than its end. */
export const isQuestionOf = (bytes: Uint8Array, question: Question): boolean => {
  const { folded } = question
  const nameEnd = HEADER_SIZE + folded.length
  if (nameEnd + 4 > bytes.length || getU16(bytes, nameEnd) !== question.type) return false
  for (let k = 0; k < folded.length; k++)
    if (foldByte(bytes[HEADER_SIZE + k]!) !== folded[k]) return false
  return getU16(bytes, nameEnd + 2) === question.class
}

/**
 * A question of our own; `end` is where it would end in a message of its own. `nameWire` is copied.
 */
export const makeQuestion = (nameWire: Uint8Array, type: number, cls: number): Question => {
  const bytes = new Uint8Array(HEADER_SIZE + nameWire.length)
  bytes.set(nameWire, HEADER_SIZE)
  return new Question(bytes, HEADER_SIZE, nameWire.length, type, cls)
}
