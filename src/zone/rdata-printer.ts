// Rdata taken apart from its first byte to its last, and the words of its presentation form. What
// does not have the shape of its type is no error here: its caller writes it in the form of RFC
// 3597.

import { NameCursor, NO_POINTERS, nameToText, walkName } from '../wire/name.ts'

const cursor = new NameCursor()

const escaped = (byte: number): string => {
  if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`
  return byte < 0x20 || byte > 0x7e
    ? `\\${String(byte).padStart(3, '0')}`
    : String.fromCharCode(byte)
}

const QUOTED_TEXTS: readonly string[] = Array.from({ length: 256 }, (_, byte) => escaped(byte))
/** Outside quotes, what separates words is escaped as well. */
const BARE_TEXTS: readonly string[] = QUOTED_TEXTS.map(text =>
  ' ;()'.includes(text) ? `\\${text}` : text,
)

const join = (bytes: Uint8Array, texts: readonly string[]): string => {
  let text = ''
  for (const byte of bytes) text += texts[byte]
  return text
}

/** Bytes as a quoted string. */
export const quotedText = (bytes: Uint8Array): string => `"${join(bytes, QUOTED_TEXTS)}"`

/** Bytes as a word without quotes; no bytes still need them. */
export const bareText = (bytes: Uint8Array): string =>
  bytes.length === 0 ? '""' : join(bytes, BARE_TEXTS)

export class RdataPrinter {
  readonly bytes: Uint8Array
  at: number
  readonly end: number
  readonly words: string[] = []

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.bytes = bytes
    this.at = from
    this.end = to
  }

  /** Bytes that are left. */
  get left(): number {
    return this.end - this.at
  }

  say(word: string): true {
    this.words.push(word)
    return true
  }

  /** The next `size` bytes, -1 for all that are left; undefined if there are not as many. */
  take(size: number): Uint8Array | undefined {
    const to = size < 0 ? this.end : this.at + size
    if (to > this.end) return undefined
    const bytes = this.bytes.subarray(this.at, to)
    this.at = to
    return bytes
  }

  /** A number of `size` bytes; undefined if there are not as many. */
  number(size: number): number | undefined {
    return this.take(size)?.reduce((value, byte) => 256 * value + byte, 0)
  }

  /** Bytes behind their length byte. */
  counted(): Uint8Array | undefined {
    const size = this.number(1)
    return size === undefined ? undefined : this.take(size)
  }

  /** Says a name; false if there is none. */
  name(): boolean {
    if (!walkName(this.bytes, this.at, this.end, NO_POINTERS, cursor)) return false
    this.say(nameToText(this.bytes, this.at))
    this.at = cursor.end
    return true
  }
}
