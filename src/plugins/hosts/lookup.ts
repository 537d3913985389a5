// Hot path. Looks up a name or an address in the records memory. Results are borrowed
// (records/reader.ts): they are valid until the shard returns to its event loop.

import { RecordKey, type RecordsReader } from '../../records/reader.ts'
import { getU16 } from '../../wire/header.ts'
import { skipName } from '../../wire/name.ts'
import {
  ADDRESSES_OFFSET,
  KIND_ADDRESS,
  KIND_NAME,
  MAX_ITEMS,
  NAMES_OFFSET,
  NOTE_WILDCARDS,
  SOURCES,
} from './host-records.ts'

const STAR = 0x2a

/** Does one look-up at a time. The next one overwrites the results of the last. */
export class HostsLookup {
  readonly reader: RecordsReader
  /**
   * For each of the two sources: the offset in `reader.bytes` and the number of addresses of the
   * family.
   */
  readonly starts = new Uint32Array(SOURCES)
  readonly counts = new Uint32Array(SOURCES)
  readonly #key = new RecordKey()
  /** Offsets of the values of the name's own record and of its wildcard's. 0 for none. */
  #own = 0
  #wildcard = 0

  constructor(reader: RecordsReader) {
    this.reader = reader
  }

  /**
   * Whether the name, or a wildcard for it, has any address. The name is the first `length` bytes
   * of `name`, in wire form and lower case.
   */
  findName(name: Uint8Array, length: number): boolean {
    this.#own = this.#find(KIND_NAME, this.#key.set(name, 0, length))
    this.#wildcard = this.reader.note(NOTE_WILDCARDS) === 0 ? 0 : this.#findWildcard(name, length)
    return this.#own !== 0 || this.#wildcard !== 0
  }

  /**
   * Sets `starts` and `counts` for the name that was found, with MAX_ITEMS at most. Returns the sum
   * of `counts`. In each source a name's own addresses take precedence over those of a wildcard.
   */
  addresses(family: 4 | 6): number {
    let sum = 0
    for (let source = 0; source < SOURCES; source++) {
      const list = family === 4 ? source : SOURCES + source
      const value = this.#countIn(this.#own, list) > 0 ? this.#own : this.#wildcard
      const count = Math.min(this.#countIn(value, list), MAX_ITEMS - sum)
      this.starts[source] = this.#startIn(value, list)
      this.counts[source] = count
      sum += count
    }
    return sum
  }

  /** Whether the address has names. It is the first 4 or 16 bytes of `address`. */
  hasNames(address: Uint8Array, length: number): boolean {
    return this.#find(KIND_ADDRESS, this.#key.set(address, 0, length)) !== 0
  }

  /** The names of an address in wire form. */
  namesOf(address: Uint8Array): Uint8Array[] {
    const entry = this.reader.find(KIND_ADDRESS, this.#key.set(address, 0, address.length))
    const names: Uint8Array[] = []
    if (entry === 0) return names
    const { bytes } = this.reader
    const start = this.reader.valueAt(entry)
    const end = start + this.reader.valueBytes(entry)
    let at = start + NAMES_OFFSET
    while (at < end && names.length < MAX_ITEMS) {
      const next = skipName(bytes, at, end)
      if (next < 0) break
      names.push(bytes.subarray(at, next))
      at = next
    }
    return names
  }

  #find(kind: number, key: RecordKey): number {
    const entry = this.reader.find(kind, key)
    return entry === 0 ? 0 : this.reader.valueAt(entry)
  }

  #findWildcard(name: Uint8Array, length: number): number {
    const label = name[0]!
    if (label === 0) return 0
    const key = this.#key.set(name, label - 1, length - label + 1)
    key.bytes[0] = 1
    key.bytes[1] = STAR
    return this.#find(KIND_NAME, key)
  }

  #countIn(value: number, list: number): number {
    return value === 0 ? 0 : getU16(this.reader.bytes, value + 2 * list)
  }

  #startIn(value: number, list: number): number {
    let at = value + ADDRESSES_OFFSET
    for (let before = 0; before < list; before++)
      at += this.#countIn(value, before) * (before < SOURCES ? 4 : 16)
    return at
  }
}
