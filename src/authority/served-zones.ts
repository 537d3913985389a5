// Hot path. Which zone a name is in, and where its tree stands in the records memory: for zones
// that the Corefile names, and for those that come and go in a folder.

import { RecordKey, type RecordsReader } from '../records/reader.ts'
import type { NameView } from '../wire/name.ts'
import type { ZoneIndex } from '../wire/zone-index.ts'
import { KIND_ZONE, NOTE_LABELS } from './zone-map.ts'

/** No zone holds the name. */
export const NO_ZONE = -1
/** The zone has no tree yet. */
export const NOT_LOADED = 0

/** What it finds is borrowed until the shard returns to its event loop. */
export interface ServedZones {
  /** The records memory. Read only. */
  readonly words: Int32Array
  readonly bytes: Uint8Array
  /**
   * Byte offset of the tree of the longest zone that holds the name, and its length in
   * `originLength`; else one of the above.
   */
  find(name: NameView): number
  originLength: number
  /** The same for the zone of this very name. */
  findExact(name: NameView): number
}

/** A name has at most 127 labels. */
const MAX_LABELS = 128

/** Zones that are there as long as the configuration, each in a map of its own. */
export class FixedZones implements ServedZones {
  readonly words: Int32Array
  readonly bytes: Uint8Array
  originLength = 0
  readonly #index: ZoneIndex
  readonly #origins: readonly Uint8Array[]
  readonly #readers: readonly RecordsReader[]
  readonly #key = new RecordKey()

  /** Lower-case origins in wire form, those of `index`, and the maps that hold their trees. */
  constructor(index: ZoneIndex, origins: readonly Uint8Array[], readers: readonly RecordsReader[]) {
    this.#index = index
    this.#origins = origins
    this.#readers = readers
    this.words = readers[0]?.words ?? new Int32Array(0)
    this.bytes = readers[0]?.bytes ?? new Uint8Array(0)
  }

  find(name: NameView): number {
    return this.#tree(this.#index.longest(name))
  }

  findExact(name: NameView): number {
    const index = this.#index.longest(name)
    return index >= 0 && this.#origins[index]!.length === name.length ? this.#tree(index) : NO_ZONE
  }

  #tree(index: number): number {
    if (index < 0) return NO_ZONE
    const origin = this.#origins[index]!
    this.originLength = origin.length
    const reader = this.#readers[index]!
    const entry = reader.find(KIND_ZONE, this.#key.set(origin, 0, origin.length))
    return entry === 0 ? NOT_LOADED : reader.valueAt(entry)
  }
}

/** Zones of one map, which are there or are not. */
export class ZoneDirectory implements ServedZones {
  readonly words: Int32Array
  readonly bytes: Uint8Array
  originLength = 0
  readonly #reader: RecordsReader
  readonly #within: ZoneIndex
  readonly #key = new RecordKey()
  readonly #labels = new Uint8Array(MAX_LABELS)

  /** Of names that `within` does not hold nothing is known. */
  constructor(reader: RecordsReader, within: ZoneIndex) {
    this.#reader = reader
    this.#within = within
    this.words = reader.words
    this.bytes = reader.bytes
  }

  find(name: NameView): number {
    if (!this.#within.holds(name)) return NO_ZONE
    const { bytes, length } = name
    const labels = this.#labels
    let count = 0
    for (let at = 0; at < length - 1; at += bytes[at]! + 1) labels[count++] = at
    labels[count] = length - 1
    // No origin has more labels: what is longer is not looked for.
    const most = this.#reader.note(NOTE_LABELS)
    for (let first = count > most ? count - most : 0; first <= count; first++) {
      const tree = this.#tree(bytes, labels[first]!, length)
      if (tree !== NO_ZONE) return tree
    }
    return NO_ZONE
  }

  findExact(name: NameView): number {
    return this.#within.holds(name) ? this.#tree(name.bytes, 0, name.length) : NO_ZONE
  }

  #tree(name: Uint8Array, start: number, end: number): number {
    const reader = this.#reader
    this.originLength = end - start
    const entry = reader.find(KIND_ZONE, this.#key.set(name, start, end - start))
    return entry === 0 ? NO_ZONE : reader.valueAt(entry)
  }
}
