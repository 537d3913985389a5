// All objects of one resource: what there is, what happened lately, and from the two what there was
// at an earlier revision.

import type { Encoding } from './encoding.ts'
import type { Resource } from './resources.ts'
import type { Version } from './version.ts'

/** Of earlier revisions, for lists that are being continued. */
const KEPT_SNAPSHOTS = 4

/**
 * One revision's change of one object. Without `current` it was deleted, without `previous`
 * created.
 */
export class Change {
  readonly revision: number
  readonly current: Version | undefined
  readonly previous: Version | undefined
  readonly #events = new Map<Encoding, Map<string, Buffer>>()

  constructor(revision: number, current: Version | undefined, previous: Version | undefined) {
    this.revision = revision
    this.current = current
    this.previous = previous
  }

  /** The watch event, made once for all watches. */
  event(encoding: Encoding, type: 'ADDED' | 'MODIFIED' | 'DELETED'): Buffer {
    const made = this.#events.get(encoding) ?? new Map<string, Buffer>()
    this.#events.set(encoding, made)
    const object = type === 'DELETED' ? this.previous?.departed(this.revision) : this.current
    if (object === undefined) throw new Error(`a change without an object is no ${type}`)
    const event = made.get(type) ?? encoding.event(type, object)
    made.set(type, event)
    return event
  }
}

export class Table {
  readonly resource: Resource
  readonly #historyLimit: number
  readonly #rows = new Map<string, Version>()
  readonly #listeners = new Set<(change: Change) => void>()
  readonly #snapshots = new Map<number, readonly Version[]>()
  #history: Change[] = []
  #sorted: readonly Version[] | undefined
  /** History holds every change after this revision. */
  #floor: number

  constructor(resource: Resource, historyLimit: number, floor: number) {
    this.resource = resource
    this.#historyLimit = historyLimit
    this.#floor = floor
  }

  get floor(): number {
    return this.#floor
  }

  get size(): number {
    return this.#rows.size
  }

  get(key: string): Version | undefined {
    return this.#rows.get(key)
  }

  /** Tells every listener before it returns. */
  set(key: string, current: Version | undefined, revision: number): void {
    const change = new Change(revision, current, this.#rows.get(key))
    if (current === undefined) this.#rows.delete(key)
    else this.#rows.set(key, current)
    this.#sorted = undefined
    this.#history.push(change)
    // Twice as much may gather, so that shifting is rare.
    if (this.#history.length >= 2 * Math.max(1, this.#historyLimit)) this.#shorten()
    for (const listener of this.#listeners) listener(change)
  }

  #shorten(): void {
    const dropped = this.#history.splice(0, this.#history.length - this.#historyLimit)
    this.compact(dropped.at(-1)?.revision ?? this.#floor)
  }

  /** Forgets what happened up to `revision`. */
  compact(revision: number): void {
    this.#floor = Math.max(this.#floor, revision)
    this.#history = this.#history.filter(change => change.revision > this.#floor)
    for (const kept of this.#snapshots.keys()) if (kept < this.#floor) this.#snapshots.delete(kept)
  }

  /** Calls until the returned function is called. */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** What happened after `revision`, in order; undefined if that is no longer known. */
  since(revision: number): readonly Change[] | undefined {
    if (revision < this.#floor) return undefined
    const first = this.#history.findIndex(change => change.revision > revision)
    return first < 0 ? [] : this.#history.slice(first)
  }

  /** Sorted by key. */
  now(): readonly Version[] {
    return (this.#sorted ??= sorted(this.#rows.values()))
  }

  /** What there was at `revision`, sorted by key; undefined if that is no longer known. */
  at(revision: number): readonly Version[] | undefined {
    const later = this.since(revision)
    if (later === undefined) return undefined
    if (later.length === 0) return this.now()
    const kept = this.#snapshots.get(revision)
    if (kept !== undefined) return kept
    const rows = new Map(this.#rows)
    for (const { current, previous } of later.toReversed()) {
      if (previous !== undefined) rows.set(previous.key, previous)
      else if (current !== undefined) rows.delete(current.key)
    }
    const snapshot = sorted(rows.values())
    const [oldest] = this.#snapshots.keys()
    if (this.#snapshots.size >= KEPT_SNAPSHOTS && oldest !== undefined)
      this.#snapshots.delete(oldest)
    this.#snapshots.set(revision, snapshot)
    return snapshot
  }
}

const sorted = (versions: Iterable<Version>): readonly Version[] =>
  [...versions].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
