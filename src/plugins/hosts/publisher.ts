// Replaces the records of a hosts file in the records memory by those of its new contents, all at
// once, and tells which keys differ.

import type { RecordsMap } from '../../records/map.ts'
import { keyBytesOf, keyKindOf, keyWordOf } from '../../records/table.ts'
import { type HostsKey, isWildcard, KIND_NAME, NOTE_WILDCARDS } from './host-records.ts'
import { HostsDraft } from './hosts-draft.ts'

/** What has changed for shards. */
export interface HostsChange {
  /** The keys that have changed. Not all of them if `isLarge`. */
  readonly keys: readonly HostsKey[]
  /** Whether there are too many keys to report each. */
  readonly isLarge: boolean
  /** Whether a wildcard is among the keys. Then names have changed that are not among the keys. */
  readonly hasWildcards: boolean
}

/** Half of the groups that a cache distinguishes (memory/invalidation-board.ts). */
export const MAX_TOLD_KEYS = 8192

export class HostsPublisher {
  readonly #map: RecordsMap
  #change = new GrowingChange()

  constructor(map: RecordsMap) {
    this.#map = map
  }

  /** An empty draft for new entries. Undefined if there is no room for a single one. */
  draft(autoReverse: boolean): HostsDraft | undefined {
    try {
      return new HostsDraft(this.#map.draft(), autoReverse)
    } catch (error) {
      if (error instanceof RangeError) return undefined
      throw error
    }
  }

  /** Closes the draft, in steps of a few milliseconds. */
  *seal({ records }: HostsDraft): Generator<void> {
    const change = new GrowingChange()
    yield* records.seal(entry => change.add(records.words, records.bytes, entry))
    this.#change = change
  }

  /** After this, shards read the draft that was sealed last. */
  show({ records, wildcards }: HostsDraft): HostsChange {
    // While shards may read the old records or the new ones, the note must be large enough for
    // both.
    this.#map.setNote(NOTE_WILDCARDS, Math.max(wildcards, this.#map.note(NOTE_WILDCARDS)))
    this.#map.show(records)
    this.#map.setNote(NOTE_WILDCARDS, wildcards)
    return this.#change
  }

  /** All keys of the map as a change, for records that have just come or are about to go. */
  everything(): HostsChange {
    const change = new GrowingChange()
    change.isLarge = this.#map.entries > MAX_TOLD_KEYS
    if (!change.isLarge) this.#map.walk((words, bytes, entry) => change.add(words, bytes, entry))
    return change
  }
}

class GrowingChange implements HostsChange {
  readonly keys: HostsKey[] = []
  isLarge = false
  hasWildcards = false

  add(words: Int32Array, bytes: Uint8Array, entry: number): void {
    if (this.isLarge) return
    const kind = keyKindOf(words, entry)
    const at = 4 * keyWordOf(entry)
    if (kind === KIND_NAME && isWildcard(bytes, at)) this.hasWildcards = true
    if (this.keys.length === MAX_TOLD_KEYS) this.isLarge = true
    else
      this.keys.push({
        kind: kind as HostsKey['kind'],
        bytes: bytes.slice(at, at + keyBytesOf(words, entry)),
      })
  }
}
