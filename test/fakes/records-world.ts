// For the tests of the records memory: readers that come round when the test says so, and keys and
// values by number.

import type { HashSeed } from '../../src/memory/keyed-hash.ts'
import type { Quiescence } from '../../src/records/heap.ts'
import type { RecordsRef } from '../../src/records/layout.ts'
import { RecordKey, RecordsReader } from '../../src/records/reader.ts'

export const SEED: HashSeed = [0x1234567, -0x7654321]

/** So many readers, none of which comes round by itself. */
export class Readers implements Quiescence {
  readonly #beats: number[]

  constructor(count: number) {
    this.#beats = new Array<number>(count).fill(0)
  }

  beat(reader: number): void {
    this.#beats[reader] = (this.#beats[reader] ?? 0) + 1
  }

  beatAll(): void {
    for (const reader of this.#beats.keys()) this.beat(reader)
  }

  mark(): readonly number[] {
    return [...this.#beats]
  }

  hasPassed(mark: readonly number[]): boolean {
    return this.#beats.every((beats, reader) => beats !== mark[reader])
  }
}

/** Nobody reads: everything may be used again at once. */
export const NOBODY: Quiescence = { mark: () => [], hasPassed: () => true }

export const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))

/**
 * A value of that many bytes that belongs to a key and a version of it, closed by a checksum: no
 * other bytes pass isWhole.
 */
export const versionOf = (key: number, version: number, length: number): Uint8Array => {
  const value = new Uint8Array(Math.max(12, length))
  const view = new DataView(value.buffer)
  view.setUint32(0, key)
  view.setUint32(4, version)
  for (let at = 8; at < value.length - 4; at++) value[at] = key + version * 7 + at
  view.setUint32(value.length - 4, checksum(value, 0, value.length - 4))
  return value
}

/** Whether `length` bytes that begin at `at` are one whole value of the key. Allocates nothing. */
export const isWhole = (bytes: Uint8Array, at: number, length: number, key: number): boolean =>
  length >= 12 &&
  u32(bytes, at) === key &&
  u32(bytes, at + length - 4) === checksum(bytes, at, length - 4)

const u32 = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)) >>>
  0

const checksum = (bytes: Uint8Array, at: number, length: number): number => {
  let hash = 0x811c9dc5
  for (let k = at; k < at + length; k++) hash = Math.imul(hash ^ (bytes[k] ?? 0), 0x01000193)
  return hash >>> 0
}

/** What a shard finds under a key; undefined if there is nothing. */
export const lookUp = (
  reader: RecordsReader,
  kind: number,
  key: Uint8Array,
): Uint8Array | undefined => {
  const entry = reader.find(kind, new RecordKey().set(key, 0, key.length))
  if (entry === 0) return undefined
  const at = reader.valueAt(entry)
  return reader.bytes.slice(at, at + reader.valueBytes(entry))
}

export const readerOf = (ref: RecordsRef): RecordsReader => new RecordsReader(ref, SEED)

/** Keys of the torture, of different lengths. */
export const keyBytes = (n: number): Uint8Array => bytesOf(`key ${n} ${'x'.repeat(n % 9)}`)
