// Hot path.
// The question of a message (RFC 1035 section 4.1.2), read once. Pointers are not allowed in it: nothing stands before it.

import { getU16, HEADER_SIZE } from './header.ts'
import { foldByte, foldName, NameCursor, NO_POINTERS, nameToText, walkName } from './name.ts'

export class Question {
  /** The qname in the case it came in, owned. */
  readonly wire: Uint8Array
  /** The qname in lower case, owned. */
  readonly folded: Uint8Array
  readonly type: number
  readonly class: number
  /** Offset in the message behind the question. */
  readonly end: number
  #name: string | undefined

  constructor(wire: Uint8Array, type: number, cls: number, end: number) {
    this.wire = wire
    this.folded = foldName(wire)
    this.type = type
    this.class = cls
    this.end = end
  }

  /** The qname in lower-case presentation form with a trailing dot. Made on first use: not for the hot path. */
  get name(): string {
    this.#name ??= nameToText(this.folded)
    return this.#name
  }
}

const cursor = new NameCursor()

/** Reads the question at `offset`; undefined if it is malformed or cut off. */
export const readQuestion = (bytes: Uint8Array, offset: number = HEADER_SIZE): Question | undefined => {
  if (!walkName(bytes, offset, bytes.length, NO_POINTERS, cursor)) return undefined
  const at = cursor.end
  if (at + 4 > bytes.length) return undefined
  // A copy: short ones lie in V8's heap, while a view would move the message's bytes out of it.
  return new Question(copyOf(bytes, offset, at), getU16(bytes, at), getU16(bytes, at + 2), at + 4)
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
  for (let k = 0; k < folded.length; k++) if (foldByte(bytes[HEADER_SIZE + k]!) !== folded[k]) return false
  return getU16(bytes, nameEnd + 2) === question.class
}

/** A question of our own; `end` is where it would end in a message of its own. `nameWire` is borrowed. */
export const makeQuestion = (nameWire: Uint8Array, type: number, cls: number): Question =>
  new Question(nameWire, type, cls, HEADER_SIZE + nameWire.length + 4)
