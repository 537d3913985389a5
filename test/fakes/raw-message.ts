// What the tests of this folder build messages from: bytes in hex, names in text, and seeded random
// numbers.

import { nameFromText } from '../../src/wire/name.ts'

/** A name in wire form; the text is known to be good. */
export const wire = (text: string): Uint8Array => {
  const name = nameFromText(text)
  if (name === undefined) throw new Error(`no name: ${text}`)
  return name
}

export const bytesOf = (
  ...chunks: readonly (string | Uint8Array | readonly number[])[]
): Uint8Array => {
  const parts = chunks.map(chunk =>
    typeof chunk === 'string'
      ? Uint8Array.fromHex(chunk.replaceAll(' ', ''))
      : Uint8Array.from(chunk),
  )
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

export const u16 = (value: number): readonly number[] => [(value >> 8) & 255, value & 255]

/** Type, class IN, a TTL of 300 s, RDLENGTH and rdata: a record without its owner. */
export const fields = (type: number, rdata: Uint8Array | readonly number[]): Uint8Array =>
  bytesOf(u16(type), u16(1), [0, 0, 1, 44], u16(rdata.length), rdata)

export interface Counts {
  readonly qd?: number
  readonly an?: number
  readonly ns?: number
  readonly ar?: number
}

/** A response with these counts and what follows the header. */
export const message = (
  counts: Counts,
  ...chunks: readonly (string | Uint8Array | readonly number[])[]
): Uint8Array => {
  const { qd = 0, an = 0, ns = 0, ar = 0 } = counts
  return bytesOf([0x12, 0x34, 0x81, 0x80], u16(qd), u16(an), u16(ns), u16(ar), ...chunks)
}

/** The question example.org A, which stands at 12 to 28. */
export const QUESTION = bytesOf(wire('example.org'), u16(1), u16(1))

/** Whole numbers from 0 to `below` - 1, the same sequence for the same seed (mulberry32). */
export const seeded = (seed: number): ((below: number) => number) => {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
