// Hot path. Which of a fixed list of zones a name belongs to. The name is hashed once, from the
// root upwards, and looked up at every label, so the cost does not grow with the number of zones.

import { foldName, type NameView, nameFromText } from './name.ts'

/** A name of 255 bytes has at most 127 labels. */
const MAX_LABELS = 128

/** Wire form in place of an invalid name: it is in the list and matches nothing. */
const NO_NAME = new Uint8Array(0)

export class ZoneIndex {
  readonly #zones: readonly Uint8Array[]
  /** Index of the root in the list, -1 if it is not there. */
  readonly #root: number
  /** Open addressing: position + 1 of a zone, 0 for none. */
  readonly #table: Int32Array
  readonly #hashes: Int32Array
  readonly #labels = new Uint8Array(MAX_LABELS)

  /** Lower-case names in wire form; of equal zones the first counts. */
  constructor(zones: readonly Uint8Array[]) {
    this.#zones = zones
    this.#root = zones.findIndex(zone => zone.length === 1)
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(zones.length + 1) + 1))
    this.#hashes = new Int32Array(zones.length)
    for (const [index, zone] of zones.entries()) this.#add(index, zone)
  }

  /** Zones in presentation form, in whatever spelling. What is no name holds none. */
  static fromText(zones: readonly string[]): ZoneIndex {
    return new ZoneIndex(
      zones.map(zone => {
        const wire = nameFromText(zone)
        return wire === undefined ? NO_NAME : foldName(wire)
      }),
    )
  }

  /** Index of the longest zone that the name is in, -1 for none. */
  longest(name: NameView): number {
    return this.#find(name.bytes, name.length, true)
  }

  /**
   * Index of the shortest zone but the root that the name is in; the root's, or -1, if there is
   * none.
   */
  shortest(name: NameView): number {
    return this.#find(name.bytes, name.length, false)
  }

  /** Whether the name is in one of the zones. */
  holds(name: NameView): boolean {
    return this.#find(name.bytes, name.length, true) >= 0
  }

  #find(name: Uint8Array, length: number, wantsLongest: boolean): number {
    if (this.#zones.length === 0 || (this.#zones.length === 1 && this.#root === 0))
      return this.#root
    const labels = this.#labels
    let count = 0
    for (let at = 0; name[at] !== 0 && at < length; at += name[at]! + 1) labels[count++] = at
    let found = this.#root
    let hash = 0
    let end = length
    while (count > 0) {
      const start = labels[--count]!
      for (let at = start; at < end; at++) hash = Math.imul(hash ^ name[at]!, 0x01000193)
      end = start
      const index = this.#lookUp(hash, name, start, length)
      if (index < 0) continue
      found = index
      if (!wantsLongest) return found
    }
    return found
  }

  #add(index: number, zone: Uint8Array): void {
    // The root has a field of its own, and what is no name stands nowhere.
    if (zone.length <= 1) return
    let hash = 0
    const starts: number[] = []
    for (let at = 0; zone[at] !== 0; at += zone[at]! + 1) starts.push(at)
    let end = zone.length
    for (const start of starts.reverse()) {
      for (let at = start; at < end; at++) hash = Math.imul(hash ^ zone[at]!, 0x01000193)
      end = start
    }
    if (this.#lookUp(hash, zone, 0, zone.length) >= 0) return
    this.#hashes[index] = hash
    const mask = this.#table.length - 1
    let place = spread(hash) & mask
    while (this.#table[place] !== 0) place = (place + 1) & mask
    this.#table[place] = index + 1
  }

  #lookUp(hash: number, name: Uint8Array, start: number, end: number): number {
    const table = this.#table
    const mask = table.length - 1
    for (let place = spread(hash) & mask; table[place] !== 0; place = (place + 1) & mask) {
      const index = table[place]! - 1
      if (this.#hashes[index] === hash && isEqual(this.#zones[index]!, name, start, end))
        return index
    }
    return -1
  }
}

const spread = (hash: number): number => hash ^ (hash >>> 15)

const isEqual = (zone: Uint8Array, name: Uint8Array, start: number, end: number): boolean => {
  if (zone.length !== end - start) return false
  for (let k = 0; k < zone.length; k++) if (zone[k] !== name[start + k]) return false
  return true
}
