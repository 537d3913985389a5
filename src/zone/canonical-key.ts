// Hot path. Names as keys whose order byte by byte is the canonical order of names (RFC 4034
// section 6.1): labels from the root's side on, in lower case, each closed by a zero byte. A zero
// in a label becomes 01 01, a one 01 02, so that no label holds the closing byte and the order
// stays. The key of an ancestor is the beginning of the keys below it, and the root's is empty.
//
//   www.example.org   ->   o r g 0 e x a m p l e 0 w w w 0

import { foldByte } from '../wire/name.ts'

/** More than any key has: 254 bytes of labels, each of which may take two. */
export const MAX_KEY_SIZE = 512

/** Where the labels of the name at hand start. */
const starts = new Uint8Array(128)

/** Writes the key of a wire name to `key` from `offset` on; returns its length. */
export const writeKey = (name: Uint8Array, key: Uint8Array, offset: number): number => {
  let labels = 0
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) starts[labels++] = at
  let to = offset
  while (labels > 0) {
    const start = starts[--labels]!
    for (let at = start + 1; at <= start + name[start]!; at++) {
      const byte = foldByte(name[at]!)
      if (byte <= 1) key[to++] = 1
      key[to++] = byte <= 1 ? byte + 1 : byte
    }
    key[to++] = 0
  }
  return to - offset
}

/** The wire name, in lower case, of the key between two offsets. */
export const nameOfKey = (keys: Uint8Array, from: number, to: number): Uint8Array => {
  const name = new Uint8Array(256)
  let nameAt = 255
  for (let at = from; at < to; at++) {
    const labelAt = at
    let size = 0
    for (; keys[at] !== 0; at++) if (keys[at] !== 1 || keys[++at] !== undefined) size++
    nameAt -= size + 1
    name[nameAt] = size
    for (let i = labelAt, out = nameAt + 1; i < at; i++)
      name[out++] = keys[i] === 1 ? keys[++i]! - 1 : keys[i]!
  }
  return name.slice(nameAt, 256)
}

/** Below 0, 0 or above 0 as the first key stands before, at or behind the second. */
export const compareKeys = (
  a: Uint8Array,
  aFrom: number,
  aTo: number,
  b: Uint8Array,
  bFrom: number,
  bTo: number,
): number => {
  const size = Math.min(aTo - aFrom, bTo - bFrom)
  for (let i = 0; i < size; i++) {
    const difference = a[aFrom + i]! - b[bFrom + i]!
    if (difference !== 0) return difference
  }
  return aTo - aFrom - (bTo - bFrom)
}
