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
 * The wire form of a name in presentation form, with or without a trailing dot; characters outside
 * ASCII stand for their UTF-8 bytes. Undefined for empty text, empty labels, labels over 63 bytes,
 * names over 255 bytes and broken escapes.
 */
export const nameFromText = (text: string): Uint8Array | undefined => {
  if (text === '.') return new Uint8Array(1)
  if (text === '' || text.length > 1020) return undefined
  const source = UTF8.encode(text)
  const wire = new Uint8Array(256)
  let labelAt = 0
  let to = 1
  for (let at = 0; at < source.length; at++) {
    let byte = source[at]!
    if (byte === DOT) {
      if (to - labelAt === 1) return undefined
      wire[labelAt] = to - labelAt - 1
      labelAt = to++
      if (to > 255) return undefined
      continue
    }
    if (byte === BACKSLASH) {
      const decimal = decimalEscape(source, at + 1)
      if (decimal > 255 || at + 1 >= source.length) return undefined
      byte = decimal >= 0 ? decimal : source[at + 1]!
      at += decimal >= 0 ? 3 : 1
    }
    if (to - labelAt > 63 || to >= 255) return undefined
    wire[to++] = byte
  }
  if (to - labelAt === 1) return wire.slice(0, to)
  wire[labelAt] = to - labelAt - 1
  return to >= 255 ? undefined : wire.slice(0, to + 1)
}
