// Names between wire form and presentation form (RFC 1035 section 5.1), with the escapes of
// miekg/dns. Not for the hot path.

/** Characters that are escaped by a backslash although they print; miekg/dns's list. */
const SPECIAL = new Set([...'. \'@;()"\\'].map(character => character.charCodeAt(0)))

const byteToText = (byte: number): string => {
  if (SPECIAL.has(byte)) return `\\${String.fromCharCode(byte)}`
  if (byte >= 0x20 && byte <= 0x7e) return String.fromCharCode(byte)
  return `\\${String(byte).padStart(3, '0')}`
}

const BYTE_TEXTS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byteToText(byte))

/**
 * Presentation form with a trailing dot, `.` for the root; only bytes 0x20 to 0x7E occur in it.
 * `wire` holds a well-formed name without pointers at `offset`; what is not ends the text early.
 */
export const nameToText = (wire: Uint8Array, offset = 0): string => {
  let text = ''
  let at = offset
  for (;;) {
    const size = wire[at] ?? 0
    if (size === 0 || size > 63) return text === '' ? '.' : text
    const end = Math.min(at + 1 + size, wire.length)
    for (at++; at < end; at++) text += BYTE_TEXTS[wire[at]!]
    text += '.'
  }
}

const UTF8 = new TextEncoder()
const BACKSLASH = 0x5c
const DOT = 0x2e

const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= 0x30 && byte <= 0x39

/**
 * The byte that `\DDD` at `at` (behind the backslash) stands for; -1 if there are no three digits,
 * 256 and more if out of range.
 */
const decimalEscape = (text: Uint8Array, at: number): number => {
  if (!isDigit(text[at]) || !isDigit(text[at + 1]) || !isDigit(text[at + 2])) return -1
  return (text[at]! - 0x30) * 100 + (text[at + 1]! - 0x30) * 10 + (text[at + 2]! - 0x30)
}

/**
 * Why a name in presentation form has no wire form: what readNameText returns instead of a length.
 */
export const NAME_EMPTY_LABEL = -1
export const NAME_LABEL_TOO_LONG = -2
export const NAME_TOO_LONG = -3
export const NAME_BAD_ESCAPE = -4

const ROOT = new Uint8Array(1)

/**
 * Writes the wire form of the name in presentation form between `from` and `to` of `source`;
 * without a trailing dot, the labels of `origin` follow. `out` has room for 256 bytes from
 * `outOffset` on. Returns the length, or a negative number that says what is wrong.
 */
export const readNameText = (
  source: Uint8Array,
  from: number,
  to: number,
  origin: Uint8Array,
  out: Uint8Array,
  outOffset: number,
): number => {
  const limit = outOffset + 255
  let labelAt = outOffset
  let end = outOffset + 1
  if (to - from === 1 && source[from] === DOT) return (out[outOffset] = 0) + 1
  for (let at = from; at < to; at++) {
    let byte = source[at]!
    if (byte === DOT) {
      if (end - labelAt === 1) return NAME_EMPTY_LABEL
      out[labelAt] = end - labelAt - 1
      labelAt = end++
      if (end > limit) return NAME_TOO_LONG
      continue
    }
    if (byte === BACKSLASH) {
      const decimal = at + 3 < to ? decimalEscape(source, at + 1) : -1
      if (decimal > 255 || at + 1 >= to) return NAME_BAD_ESCAPE
      byte = decimal >= 0 ? decimal : source[at + 1]!
      at += decimal >= 0 ? 3 : 1
    }
    if (end - labelAt > 63) return NAME_LABEL_TOO_LONG
    if (end >= limit) return NAME_TOO_LONG
    out[end++] = byte
  }
  if (end - labelAt === 1) {
    if (end === outOffset + 1) return NAME_EMPTY_LABEL
    out[labelAt] = 0
    return end - outOffset
  }
  out[labelAt] = end - labelAt - 1
  if (end + origin.length > limit) return NAME_TOO_LONG
  for (let i = 0; i < origin.length; i++) out[end++] = origin[i]!
  return end - outOffset
}

/**
 * The wire form of a name in presentation form, with or without a trailing dot; characters outside
 * ASCII stand for their UTF-8 bytes. Undefined for empty text, empty labels, labels over 63 bytes,
 * names over 255 bytes and broken escapes.
 */
export const nameFromText = (text: string): Uint8Array | undefined => {
  if (text.length > 1020) return undefined
  const source = UTF8.encode(text)
  const wire = new Uint8Array(256)
  const length = readNameText(source, 0, source.length, ROOT, wire, 0)
  return length < 0 ? undefined : wire.slice(0, length)
}
