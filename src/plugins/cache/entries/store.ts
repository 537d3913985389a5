// Hot path. The two tables of a block seen as one store: which entry answers a query, and what
// replaces what. Time is an argument, in seconds.

import type { CacheHit } from '../../../cache/hit.ts'
import type { CacheKey } from '../../../cache/key.ts'
import type { CacheTable, EntryMeta } from '../../../cache/table.ts'
import { CHANGE_SLOT_BITS, type InvalidationScopes } from '../../../chain/invalidation-scopes.ts'
import type { Query } from '../../../chain/query/query.ts'
import type { Reply } from '../../../chain/reply/reply.ts'
import type { CacheOptions } from '../options.ts'
import type { TableName, Verdict } from './storable.ts'
import { ttlOffsetsOf } from './ttl.ts'

// The caller's 16 bits of an entry: the answer has the records asked for; it is SERVFAIL or NOTIMP;
// then the group of names that it goes with.
const ENTRY_POSITIVE = 1
const ENTRY_FAILURE = 2
const GROUP_SHIFT = 16 - CHANGE_SLOT_BITS

/** Entries are stamped with 31 bits. */
const SECONDS_MAX = 0x7fffffff

/**
 * Whether the records that an entry was made of may be others by now. What is stored in its second
 * or before does not count as newer.
 */
export const isOutdated = (hit: CacheHit, changes: InvalidationScopes): boolean =>
  changes.hasChangedSince(hit.flags >>> GROUP_SHIFT, hit.expirySeconds - hit.ttlSeconds)

/**
 * A verdict to store, the hits that the new entry starts with, and the message's size with all
 * names written out.
 */
export type Keepable = Verdict & {
  readonly table: TableName
  readonly popularity: number
  readonly plainBytes: number
}

/** One table with the entry that its last look-up found. */
export class Side {
  readonly name: TableName
  readonly table: CacheTable
  /** Valid until this side is asked for another key. */
  readonly hit: CacheHit
  readonly #staleForSeconds: number
  readonly #changes: InvalidationScopes

  constructor(
    name: TableName,
    table: CacheTable,
    staleForSeconds: number,
    changes: InvalidationScopes,
  ) {
    this.name = name
    this.table = table
    this.hit = table.newHit()
    this.#staleForSeconds = staleForSeconds
    this.#changes = changes
  }

  get isPositive(): boolean {
    return (this.hit.flags & ENTRY_POSITIVE) !== 0
  }
  get isFailure(): boolean {
    return (this.hit.flags & ENTRY_FAILURE) !== 0
  }
  /** An entry whose records have changed is as good as none. */
  find(key: CacheKey): boolean {
    return this.table.find(key, this.hit) && !isOutdated(this.hit, this.#changes)
  }
  isFresh(now: number): boolean {
    return now < this.hit.expirySeconds
  }
  /**
   * Whether the entry is fresh, or stale and may still be served. Limited both by the value that it
   * was stored with and by the present option.
   */
  isServable(now: number): boolean {
    const { expirySeconds, staleUntilSeconds } = this.hit
    return (
      now < expirySeconds ||
      (now < staleUntilSeconds && now < expirySeconds + this.#staleForSeconds)
    )
  }
}

export class Store {
  readonly #success: Side
  readonly #denial: Side
  readonly #key: CacheKey
  readonly #staleForSeconds: number
  readonly #prefersPositive: boolean
  readonly #changes: InvalidationScopes

  constructor(
    options: CacheOptions,
    success: CacheTable,
    denial: CacheTable,
    changes: InvalidationScopes,
  ) {
    this.#staleForSeconds = options.stale?.forSeconds ?? 0
    this.#prefersPositive = options.preferPositive
    this.#changes = changes
    this.#success = new Side('success', success, this.#staleForSeconds, changes)
    this.#denial = new Side('denial', denial, this.#staleForSeconds, changes)
    this.#key = success.newKey()
  }

  /** The key of the query's question: borrowed, the next call of any method changes it. */
  keyOf(query: Query): CacheKey {
    return query.setKey(this.#key)
  }

  /** The entry that answers: denials before successes, fresh before stale, failures last. */
  find(query: Query, now: number): Side | undefined {
    const key = this.keyOf(query)
    if (this.#prefersPositive && this.#hasPositive(key, now)) return this.#success
    const denial = this.#denial
    const hasDenial = denial.find(key)
    const isDenied = hasDenial && denial.isFresh(now)
    if (isDenied && !denial.isFailure) return denial
    const success = this.#success
    const hasSuccess = success.find(key)
    if (hasSuccess && success.isFresh(now)) return success
    const hasStale = hasSuccess && success.isServable(now)
    if (isDenied) return hasStale ? success : denial
    if (!hasDenial || !denial.isServable(now)) return hasStale ? success : undefined
    return hasStale && success.hit.expirySeconds > denial.hit.expirySeconds ? success : denial
  }

  #hasPositive(key: CacheKey, now: number): boolean {
    const success = this.#success
    return success.find(key) && success.isPositive && success.isServable(now)
  }

  /** Whether prefer_positive protects the entry of this question from such a reply. */
  isProtected(query: Query, verdict: Verdict, now: number): boolean {
    return this.#prefersPositive && !verdict.isPositive && this.#hasPositive(this.keyOf(query), now)
  }

  /**
   * Stores a message under the query's question, and removes what it contradicts from the other
   * table: an older answer must not come back when this one expires. Failures contradict nothing.
   * An answer whose records have changed since it was asked for is not stored. Returns the number
   * of evicted entries.
   */
  put(query: Query, reply: Reply, verdict: Keepable, now: number): number {
    const group = this.#changes.slotOf(query.question.folded)
    if (this.#changes.hasChangedSince(group, Math.floor(query.receivedMs / 1000))) return 0
    const key = this.keyOf(query)
    const [table, other] =
      verdict.table === 'success'
        ? [this.#success.table, this.#denial.table]
        : [this.#denial.table, this.#success.table]
    const { evicted } = table.put(
      key,
      this.#meta(verdict, now, group),
      reply.bytes,
      ttlOffsetsOf(reply.layout),
      now,
    )
    if (!verdict.isFailure) other.remove(key)
    return evicted
  }

  #meta(
    { ttlSeconds, isPositive, isFailure, popularity, plainBytes }: Keepable,
    now: number,
    group: number,
  ): EntryMeta {
    const expirySeconds = Math.min(now + ttlSeconds, SECONDS_MAX)
    return {
      expirySeconds,
      staleUntilSeconds: isFailure
        ? expirySeconds
        : Math.min(expirySeconds + this.#staleForSeconds, SECONDS_MAX),
      ttlSeconds,
      popularity,
      plainBytes,
      flags:
        (isPositive ? ENTRY_POSITIVE : 0) |
        (isFailure ? ENTRY_FAILURE : 0) |
        (group << GROUP_SHIFT),
    }
  }

  /** Keeps stale entries of this question from being refreshed until `seconds`. */
  holdOff(query: Query, seconds: number): void {
    const key = this.keyOf(query)
    for (const side of [this.#denial, this.#success])
      if (side.find(key)) side.table.notes.setNotBefore(side.hit, seconds)
  }
}
