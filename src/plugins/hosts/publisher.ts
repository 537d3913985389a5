// Brings the records memory from what a hosts file said to what it says now: keys that differ are put or removed, all others stay as they are.

import type { RecordsMap } from '../../records/map.ts'
import {
  type HostsKey,
  type HostsRecord,
  type HostsRecords,
  isWildcard,
  KIND_NAME,
  keyOfText,
  NOTE_WILDCARDS,
  recordValue,
} from './host-records.ts'

/** What shards may find different now. */
export interface HostsChange {
  readonly keys: readonly HostsKey[]
  /** Whether a wildcard is among the keys: names that stand nowhere have changed. */
  readonly hasWildcards: boolean
}

export class HostsPublisher {
  readonly #map: RecordsMap
  /** Texts of the keys that the map has. */
  readonly #known = new Set<string>()
  #wildcards = 0

  constructor(map: RecordsMap) {
    this.#map = map
  }

  /** Shards can read it all when this returns; `refused` are keys for which there was no room: what they had before, they still have. */
  publish({ byKey }: HostsRecords): HostsChange & { readonly refused: number } {
    const keys: HostsKey[] = []
    // First, because what is removed makes room.
    for (const text of this.#known) if (!byKey.has(text)) keys.push(this.#remove(text))
    let refused = 0
    for (const [text, record] of byKey) if (!this.#put(text, record, keys)) refused++
    this.#map.setNote(NOTE_WILDCARDS, this.#wildcards)
    return { ...changeOf(keys), refused }
  }

  /** All that the map has, as if it had just come or were about to go. */
  everything(): HostsChange {
    return changeOf([...this.#known].map(keyOfText))
  }

  #remove(text: string): HostsKey {
    const key = keyOfText(text)
    this.#map.remove(key.kind, key.bytes)
    this.#known.delete(text)
    if (isWildcardKey(key)) this.#wildcards--
    return key
  }

  /** False if there is no room. Adds the key to `keys` if its value is another now. */
  #put(text: string, record: HostsRecord, keys: HostsKey[]): boolean {
    const { kind, bytes } = record
    const outcome = this.#map.put(kind, bytes, recordValue(record))
    if (outcome !== 'changed') return outcome === 'same'
    const key = { kind, bytes }
    keys.push(key)
    if (this.#known.has(text)) return true
    this.#known.add(text)
    if (isWildcardKey(key)) this.#wildcards++
    return true
  }
}

const isWildcardKey = ({ kind, bytes }: HostsKey): boolean => kind === KIND_NAME && isWildcard(bytes)

const changeOf = (keys: readonly HostsKey[]): HostsChange => ({ keys, hasWildcards: keys.some(isWildcardKey) })
