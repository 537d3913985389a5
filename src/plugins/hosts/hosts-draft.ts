// Collects the entries of a hosts file and of the Corefile by name and address, in the next version
// of the records (records/draft.ts). This happens while they are read, so that there is no other
// copy of them.

import type { RecordsDraft } from '../../records/draft.ts'
import { getU16, setU16 } from '../../wire/header.ts'
import {
  ADDRESSES_OFFSET,
  isWildcard,
  KIND_ADDRESS,
  KIND_NAME,
  LISTS,
  MAX_ITEMS,
  NAMES_OFFSET,
  SOURCE_COREFILE,
  SOURCE_FILE,
  SOURCES,
} from './host-records.ts'
import type { EntrySink } from './hosts-file.ts'

export class HostsDraft implements EntrySink {
  readonly records: RecordsDraft
  readonly #autoReverse: boolean
  #source = SOURCE_FILE
  #entries = 0
  #wildcards = 0
  #isFull = false
  /** Scratch for a value with one item. Further items are inserted in the records. */
  readonly #value = new Uint8Array(NAMES_OFFSET + 256)

  /** `autoReverse` also adds the records for PTR queries. */
  constructor(records: RecordsDraft, autoReverse: boolean) {
    this.records = records
    this.#autoReverse = autoReverse
  }

  /** The value of `coredns_hosts_entries`: addresses of all names, and names of all addresses. */
  get entries(): number {
    return this.#entries
  }
  /** The number of wildcards among the names. */
  get wildcards(): number {
    return this.#wildcards
  }
  /** Whether there was no room for an entry. Then nothing is added any more. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** The entries that follow are of the Corefile. */
  beginCorefile(): void {
    this.#source = SOURCE_COREFILE
  }

  entry(address: Uint8Array, name: Uint8Array, length: number): void {
    if (this.#isFull) return
    const hasNames = this.#autoReverse && !isWildcard(name)
    this.#isFull = !(
      this.#addAddress(name, length, address) &&
      (!hasNames || this.#addName(address, name, length))
    )
    this.#entries += hasNames ? 2 : 1
  }

  /** Adds an address to a name. False if there is no room. */
  #addAddress(name: Uint8Array, length: number, address: Uint8Array): boolean {
    const { records } = this
    const list = (address.length === 4 ? 0 : SOURCES) + this.#source
    records.key.set(name, 0, length)
    if (!records.find(KIND_NAME)) {
      if (isWildcard(name)) this.#wildcards++
      this.#value.fill(0, 0, ADDRESSES_OFFSET)
      setU16(this.#value, 2 * list, 1)
      this.#value.set(address, ADDRESSES_OFFSET)
      return records.add(this.#value, ADDRESSES_OFFSET + address.length)
    }
    const count = getU16(records.bytes, records.valueAt + 2 * list)
    if (count === MAX_ITEMS) return true
    if (!records.insert(this.#endOf(list), address, address.length)) return false
    setU16(records.bytes, records.valueAt + 2 * list, count + 1)
    return true
  }

  /** The end of one of the found name's lists, as an offset in its value. */
  #endOf(list: number): number {
    const { bytes, valueAt } = this.records
    let at = ADDRESSES_OFFSET
    for (let before = 0; before <= list && before < LISTS; before++)
      at += getU16(bytes, valueAt + 2 * before) * (before < SOURCES ? 4 : 16)
    return at
  }

  /** Adds a name to an address. False if there is no room. */
  #addName(address: Uint8Array, name: Uint8Array, length: number): boolean {
    const { records } = this
    records.key.set(address, 0, address.length)
    if (!records.find(KIND_ADDRESS)) {
      setU16(this.#value, 0, 1)
      this.#value.set(name.subarray(0, length), NAMES_OFFSET)
      return records.add(this.#value, NAMES_OFFSET + length)
    }
    const count = getU16(records.bytes, records.valueAt)
    if (count === MAX_ITEMS) return true
    if (!records.insert(records.valueBytes, name, length)) return false
    setU16(records.bytes, records.valueAt, count + 1)
    return true
  }
}
