// Hot path. The parts of a log line as bytes: numbers, addresses, names and fixed texts. Each
// function writes at `at`, where there is room, and returns the offset behind what it wrote.

import { nameToText } from '../../wire/name.ts'

const DOT = 0x2e
const COLON = 0x3a
const ZERO = 0x30
const BACKSLASH = 0x5c
const LETTER_A = 0x61

/** Printable ASCII as bytes; not for each query. */
export const asciiBytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))

export const putBytes = (out: Uint8Array, at: number, bytes: Uint8Array): number => {
  const size = bytes.length
  for (let index = 0; index < size; index++) out[at + index] = bytes[index]!
  return at + size
}

/** A whole number from 0 to 2^31 - 1. */
export const putDecimal = (out: Uint8Array, at: number, value: number): number => {
  let end = at + 1
  for (let bound = 10; value >= bound; bound *= 10) end++
  let left = value
  for (let index = end - 1; index >= at; index--) {
    const tenth = (left / 10) | 0
    out[index] = ZERO + left - tenth * 10
    left = tenth
  }
  return end
}

/** Dotted decimal, as ipToText. */
export const putIpv4 = (out: Uint8Array, at: number, address: Uint8Array): number => {
  let end = putDecimal(out, at, address[0]!)
  for (let index = 1; index < 4; index++) {
    out[end] = DOT
    end = putDecimal(out, end + 1, address[index]!)
  }
  return end
}

const GROUPS = 8

const group = (address: Uint8Array, index: number): number =>
  (address[2 * index]! << 8) | address[2 * index + 1]!

/** RFC 5952, as ipToText: the first of the longest runs of two zero groups or more is `::`. */
export const putIpv6 = (out: Uint8Array, at: number, address: Uint8Array): number => {
  let runStart = -1
  let runLength = 1
  for (let start = 0; start < GROUPS; start++) {
    let end = start
    while (end < GROUPS && group(address, end) === 0) end++
    if (end - start > runLength) {
      runStart = start
      runLength = end - start
    }
    if (end > start) start = end
  }
  let end = at
  for (let index = 0; index < GROUPS; index++) {
    if (index === runStart) {
      out[end++] = COLON
      out[end++] = COLON
      index += runLength - 1
      continue
    }
    if (index > 0 && index !== runStart + runLength) out[end++] = COLON
    end = putHex(out, end, group(address, index))
  }
  return end
}

const putHex = (out: Uint8Array, at: number, value: number): number => {
  let end = at
  for (
    let shift = value > 0xfff ? 12 : value > 0xff ? 8 : value > 0xf ? 4 : 0;
    shift >= 0;
    shift -= 4
  ) {
    const digit = (value >>> shift) & 15
    out[end++] = digit < 10 ? ZERO + digit : LETTER_A + digit - 10
  }
  return end
}

/**
 * By byte how much its text is longer than the byte itself: 0 as it is, 1 behind a backslash, 3 as
 * `\DDD`.
 */
const ESCAPES = Uint8Array.from(
  { length: 256 },
  (_, byte) => nameToText(Uint8Array.of(1, byte, 0)).length - 2,
)
const BY_BACKSLASH = 1

/**
 * Presentation form with a trailing dot, as nameToText. `wire` begins with a well-formed name
 * without pointers of `length` bytes.
 */
export const putName = (out: Uint8Array, at: number, wire: Uint8Array, length: number): number => {
  if (length <= 1) {
    out[at] = DOT
    return at + 1
  }
  let end = at
  let labelEnd = wire[0]! + 1
  for (let from = 1; from < length; from++) {
    const byte = wire[from]!
    if (from === labelEnd) {
      out[end++] = DOT
      labelEnd += byte + 1
    } else if (ESCAPES[byte] === 0) {
      out[end++] = byte
    } else {
      end = putEscaped(out, end, byte)
    }
  }
  return end
}

const putEscaped = (out: Uint8Array, at: number, byte: number): number => {
  out[at] = BACKSLASH
  if (ESCAPES[byte] === BY_BACKSLASH) {
    out[at + 1] = byte
    return at + 2
  }
  out[at + 1] = ZERO + ((byte / 100) | 0)
  out[at + 2] = ZERO + (((byte / 10) | 0) % 10)
  out[at + 3] = ZERO + (byte % 10)
  return at + 4
}
