// Hot path. The names whose records can change while they are cached, and which of them change
// together. Plugins declare zones, each with the number of labels below it that make a group.
// `svc.cluster.local.` with 2 labels: all names that end in one service's name are one group.

import type { Clock } from '../base/time/clock.ts'
import {
  CHANGE_SLOTS,
  changeSlotOf,
  hasChangedSince,
  type InvalidationBoard,
  markAllChanged,
  markChange,
  markWholeChanged,
} from '../memory/invalidation-board.ts'
import { foldName, isSubname, NameView, nameFromText } from '../wire/name.ts'
import { ZoneIndex } from '../wire/zone-index.ts'

export interface ChangingZone {
  /** Normalised, lower case with trailing dot. */
  readonly zone: string
  /** Labels below the zone that make a group; EVERY_LABEL: each name is its own. */
  readonly labels: number
  /**
   * Whether its names may change all at once. Such zones are marked as a whole, all of them
   * together, with the names below them.
   */
  readonly isWhole?: boolean
}

/** More labels than a name has. */
export const EVERY_LABEL = 128

/** Bits of a group's number. */
export const CHANGE_SLOT_BITS = Math.log2(CHANGE_SLOTS)

/** The groups of one server block. Main and shards make the same ones from BlockInfo. */
export class InvalidationScopes {
  readonly #board: InvalidationBoard
  readonly #scopes: {
    readonly zone: Uint8Array
    readonly labels: number
    readonly isWhole: boolean
  }[]
  readonly #zones: ZoneIndex

  /** If a zone is declared twice, the larger groups are used. */
  constructor(board: InvalidationBoard, changing: readonly ChangingZone[]) {
    this.#board = board
    const named = changing
      .flatMap(({ zone, labels, isWhole = false }) => {
        const wire = nameFromText(zone)
        return wire === undefined ? [] : [{ zone: foldName(wire), labels, isWhole }]
      })
      .sort((a, b) => a.labels - b.labels)
    const wholes = named.filter(({ isWhole }) => isWhole)
    this.#scopes = named.map(scope => ({
      ...scope,
      isWhole: wholes.some(({ zone }) => isSubname(scope.zone, zone)),
    }))
    this.#zones = new ZoneIndex(this.#scopes.map(({ zone }) => zone))
  }

  /** The group of a lower-case wire name; 0 if nothing that is declared can change it. */
  slotOf(name: Uint8Array): number {
    const scope = this.#scopes[this.#zones.longest(new NameView(name))]
    if (scope === undefined) return 0
    const below = labelsBelow(name, scope.zone)
    let start = 0
    for (let spare = below - scope.labels; spare > 0; spare--) start += (name[start] ?? 0) + 1
    return changeSlotOf(name, start, name.length, scope.isWhole)
  }

  /** The group of all names in a zone; 0 if there are several, or none. */
  slotOfZone(zone: Uint8Array): number {
    const scope = this.#scopes[this.#zones.longest(new NameView(zone))]
    if (scope === undefined || labelsBelow(zone, scope.zone) < scope.labels) return 0
    const hasOthers = this.#scopes.some(
      ({ zone: other }) => other.length > zone.length && isSubname(other, zone),
    )
    return hasOthers ? 0 : this.slotOf(zone)
  }

  /** Whether names of the group may have other records now than they had at `askedSeconds`. */
  hasChangedSince(slot: number, askedSeconds: number): boolean {
    return hasChangedSince(this.#board, slot, askedSeconds)
  }
}

const labelsBelow = (name: Uint8Array, zone: Uint8Array): number => {
  let below = 0
  for (let at = 0; at < name.length - zone.length; at += (name[at] ?? 0) + 1) below++
  return below
}

/**
 * The writing side, on main: tells caches that records have changed. Call it after shards can read
 * the new records, never before.
 */
export class InvalidationMarks {
  readonly #board: InvalidationBoard
  readonly #scopes: InvalidationScopes
  readonly #clock: Clock

  constructor(board: InvalidationBoard, changing: readonly ChangingZone[], clock: Clock) {
    this.#board = board
    this.#scopes = new InvalidationScopes(board, changing)
    this.#clock = clock
  }

  /** Marks the group of this lower-case wire name as changed. */
  mark(name: Uint8Array): void {
    const slot = this.#scopes.slotOf(name)
    if (slot > 0) markChange(this.#board, slot, this.#clock.seconds())
  }

  /**
   * Marks all names in this lower-case wire zone, which must lie in a zone with `isWhole`: its
   * group, or all groups.
   */
  markZone(zone: Uint8Array): void {
    const slot = this.#scopes.slotOfZone(zone)
    if (slot > 0) markChange(this.#board, slot, this.#clock.seconds())
    else this.markWhole()
  }

  /** Marks all groups of zones with `isWhole`, of all blocks. */
  markWhole(): void {
    markWholeChanged(this.#board, this.#clock.seconds())
  }

  /** Marks all groups of all blocks. */
  markAll(): void {
    markAllChanged(this.#board, this.#clock.seconds())
  }
}
