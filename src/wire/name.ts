// Hot path. Names in wire form: labels, each behind its length byte, closed by the root's zero
// byte; at most 255 bytes. A "wire" parameter is exactly one such name without pointers.
// name-text.ts has the text form. Only foldName allocates.

import { steps } from './work.ts'

export { nameFromText, nameToText } from './name-text.ts'

export const MAX_NAME_SIZE = 255
export const MAX_LABEL_SIZE = 63
/** Pointers that one name may go through; miekg/dns has the same bound. */
export const MAX_NAME_HOPS = 126
/** A floor for walkName that no pointer reaches: pointers are refused. */
export const NO_POINTERS = 0x10000

/** What walkName found. One cursor may be used for any number of walks. */
export class NameCursor {
  /** Offset behind the name where it stands: behind its first pointer if it has one. */
  end = 0
  /** Wire length with all pointers followed. */
  length = 0
  hops = 0
  labels = 0
}

/**
 * Follows the name at `offset` to its root; false if it is malformed. `end` bounds the bytes where
 * the name stands. Each pointer leads to before the start of the run of labels it ends (so a walk
 * cannot loop), and not to before `floor` (12 for a message: bytes of the header change on the
 * way).
 */
export const walkName = (
  bytes: Uint8Array,
  offset: number,
  end: number,
  floor: number,
  cursor: NameCursor,
): boolean => {
  let at = offset
  let runStart = offset
  let length = 0
  let hops = 0
  let labels = 0
  let behind = -1
  while (at < end) {
    const size = bytes[at]!
    if (size === 0) {
      cursor.end = behind < 0 ? at + 1 : behind
      cursor.length = length + 1
      cursor.hops = hops
      cursor.labels = labels
      steps[0]! += labels + hops
      return true
    }
    if (size <= MAX_LABEL_SIZE) {
      length += size + 1
      labels++
      if (length >= MAX_NAME_SIZE) return false
      at += size + 1
      continue
    }
    if (size < 0xc0 || at + 1 >= end) return false
    const target = ((size & 0x3f) << 8) | bytes[at + 1]!
    if (target >= runStart || target < floor || ++hops > MAX_NAME_HOPS) return false
    if (behind < 0) behind = at + 2
    at = target
    runStart = target
  }
  return false
}

/**
 * The offset behind the name at `offset`, its pointer not followed; -1 if it is malformed or does
 * not end before `end`.
 */
export const skipName = (bytes: Uint8Array, offset: number, end: number): number => {
  let at = offset
  while (at < end) {
    const size = bytes[at]!
    if (size === 0) return at - offset < MAX_NAME_SIZE ? at + 1 : -1
    if (size > MAX_LABEL_SIZE)
      return size >= 0xc0 && at + 2 <= end && at - offset < MAX_NAME_SIZE ? at + 2 : -1
    at += size + 1
  }
  return -1
}

/** A name in lower case where it lies: the first `length` bytes of `bytes`. Borrowed. */
export class NameView {
  readonly bytes: Uint8Array
  length: number

  constructor(bytes: Uint8Array, length: number = bytes.length) {
    this.bytes = bytes
    this.length = length
  }
}

const scratch = new NameCursor()

/**
 * Copies the labels of a name that walkName accepted; returns the length written to `out` from
 * `outOffset` on.
 */
export const copyWalkedName = (
  bytes: Uint8Array,
  offset: number,
  out: Uint8Array,
  outOffset: number,
): number => {
  let at = offset
  let to = outOffset
  for (; ; steps[0]!++) {
    const size = bytes[at]!
    if (size >= 0xc0) {
      at = ((size & 0x3f) << 8) | bytes[at + 1]!
      continue
    }
    for (let last = at + size; at <= last; at++) out[to++] = bytes[at]!
    if (size === 0) return to - outOffset
  }
}

/**
 * Writes the name at `offset` of a message (which starts at byte 0) without pointers; `out` has
 * room for 255 bytes. Returns the length written, -1 if the name is malformed.
 */
export const expandName = (bytes: Uint8Array, offset: number, out: Uint8Array): number => {
  if (!walkName(bytes, offset, bytes.length, 12, scratch) || scratch.length > out.length) return -1
  return copyWalkedName(bytes, offset, out, 0)
}

/**
 * Lower case of each byte; only A to Z change (RFC 4343). Length bytes are below 'A' and so stay.
 */
const FOLD = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++)
  FOLD[byte] = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte

export const foldByte = (byte: number): number => FOLD[byte]!

/** A lower-case copy. */
export const foldName = (wire: Uint8Array): Uint8Array => {
  const folded = new Uint8Array(wire.length)
  for (let i = 0; i < wire.length; i++) folded[i] = FOLD[wire[i]!]!
  return folded
}

/** Whether two names are the same, letter case aside. */
export const namesEqual = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (FOLD[a[i]!] !== FOLD[b[i]!]) return false
  return true
}

/** Whether `child` is `parent` or below it, letter case aside. */
export const isSubname = (child: Uint8Array, parent: Uint8Array): boolean => {
  const start = child.length - parent.length
  let at = 0
  while (at < start) at += child[at]! + 1
  if (at !== start) return false
  for (let i = 0; i < parent.length; i++)
    if (FOLD[child[start + i]!] !== FOLD[parent[i]!]) return false
  return true
}

/** Labels without the root's: 2 for example.org. */
export const countLabels = (wire: Uint8Array): number => {
  let count = 0
  for (let at = 0; at < wire.length && wire[at] !== 0; at += wire[at]! + 1) count++
  return count
}
