// For the tests of the answer store: tiny memories, keys by number, and messages that say which key
// they belong to.

import { CacheMemory } from '../../src/cache/cache-memory.ts'
import type { CacheKey } from '../../src/cache/key.ts'
import { MIN_CACHE_BYTES, type SlabGeometry } from '../../src/cache/layout.ts'
import type { CacheTable, EntryMeta } from '../../src/cache/table.ts'

export const memoryOf = (geometry: SlabGeometry): CacheMemory =>
  new CacheMemory(MIN_CACHE_BYTES, geometry)

/** The key of `kN.example.org` A, for any number N. */
export function keyOf(key: CacheKey, n: number): CacheKey {
  const label = `k${n}`
  return key.set(
    1,
    1,
    false,
    false,
    Buffer.from(`${String.fromCharCode(label.length)}${label}\x07example\x03org\0`, 'latin1'),
  )
}

export const metaOf = (expirySeconds: number, more: Partial<EntryMeta> = {}): EntryMeta => ({
  expirySeconds,
  staleUntilSeconds: expirySeconds,
  ttlSeconds: 30,
  flags: 0,
  plainBytes: 0,
  ...more,
})

/**
 * A message of that length whose every word follows from key number, version and position: a torn
 * one cannot pass isWhole.
 */
export function messageOf(n: number, version: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(12, length))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, n)
  view.setUint32(4, version)
  view.setUint32(8, bytes.length)
  for (let k = 12; k < bytes.length; k++)
    bytes[k] = Math.imul(n * 31 + version * 7 + k, 0x9e3779b1) >>> 24
  return bytes
}

/** The version that messageOf was given, -1 if these bytes are not whole or are of another key. */
export function versionIn(bytes: Uint8Array, n: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < 12 || view.getUint32(0) !== n || view.getUint32(8) !== bytes.length) return -1
  const version = view.getUint32(4)
  return Buffer.compare(messageOf(n, version, bytes.length), bytes) === 0 ? version : -1
}

export const putNumber = (
  table: CacheTable,
  key: CacheKey,
  n: number,
  version: number,
  length: number,
  nowSeconds = 0,
): boolean =>
  table.put(
    keyOf(key, n),
    metaOf(nowSeconds + 60),
    messageOf(n, version, length),
    [n & 0xffff],
    nowSeconds,
  ).stored
