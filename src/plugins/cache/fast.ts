// Hot path. The fast step of cache: hits, copied from the shared tables straight into the packet to
// be sent. Misses, refreshes that are due, and the rare questions that both tables have an entry
// for go to the slow path, which knows what to do.

import { CacheHit } from '../../cache/hit.ts'
import type { CacheTable } from '../../cache/table.ts'
import type { InvalidationScopes } from '../../chain/invalidation-scopes.ts'
import type { FastQuery } from '../../chain/query/fast-query.ts'
import {
  FAST_ANSWERED,
  FAST_SLOW,
  type FastStep,
  type FastVerdict,
} from '../../chain/stage/fast-step.ts'
import { getFlags, setFlags, setU32 } from '../../wire/header.ts'
import type { Counts } from './counts.ts'
import { hasOpt, hitFlags } from './entries/hit.ts'
import { isOutdated } from './entries/store.ts'
import { isDue } from './fetch/refresh.ts'
import type { CacheOptions } from './options.ts'

export interface CacheTables {
  readonly success: CacheTable
  readonly denial: CacheTable
}

export class FastHits implements FastStep {
  readonly #options: CacheOptions
  readonly #success: CacheTable
  readonly #denial: CacheTable
  readonly #counts: Counts
  readonly #changes: InvalidationScopes
  readonly #hit = new CacheHit()
  #isDenial = false
  #isStale = false

  constructor(
    options: CacheOptions,
    tables: CacheTables,
    counts: Counts,
    changes: InvalidationScopes,
  ) {
    this.#options = options
    this.#success = tables.success
    this.#denial = tables.denial
    this.#counts = counts
    this.#changes = changes
  }

  ask(query: FastQuery): FastVerdict {
    const { key } = query
    const hit = this.#hit
    const now = query.nowSeconds
    hit.aim(query.outWords, query.outAt >> 2, query.outRoom)
    if (this.#success.find(key, hit)) {
      this.#isDenial = false
      // Both tables have it: which one answers depends on what they have.
      if (this.#denial.has(key)) return FAST_SLOW
    } else {
      if (hit.isTooLarge || !this.#denial.find(key, hit)) return FAST_SLOW
      this.#isDenial = true
    }
    if (isOutdated(hit, this.#changes)) return FAST_SLOW
    const remaining = hit.remainingSeconds(now)
    this.#isStale = remaining <= 0
    if (this.#isStale) return this.#answerStale(query, now)
    const { prefetch, keepTtl } = this.#options
    if (prefetch !== undefined && this.#isRefreshDue(now)) return FAST_SLOW
    return this.#answer(query, keepTtl ? hit.ttlSeconds : remaining)
  }

  done(query: FastQuery): void {
    const counts = this.#counts
    counts.request(query)
    counts.hit(query, this.#isDenial ? 'denial' : 'success')
    const { prefetch } = this.#options
    if (this.#isStale) counts.servedStale(query)
    else if (prefetch !== undefined)
      this.#table.notes.popularity(this.#hit, query.nowSeconds, prefetch.windowSeconds)
  }

  get #table(): CacheTable {
    return this.#isDenial ? this.#denial : this.#success
  }

  #isRefreshDue(now: number): boolean {
    const prefetch = this.#options.prefetch!
    const popularity = this.#table.notes.nextPopularity(this.#hit, now, prefetch.windowSeconds)
    return isDue(prefetch, popularity, this.#hit, now)
  }

  /** A stale answer that is not to be refreshed just now: its last refresh has failed. */
  #answerStale(query: FastQuery, now: number): FastVerdict {
    const { stale } = this.#options
    const hit = this.#hit
    if (stale === undefined || stale.recheckSeconds === 0) return FAST_SLOW
    if (now >= hit.staleUntilSeconds || now >= hit.expirySeconds + stale.forSeconds)
      return FAST_SLOW
    return this.#table.notes.notBefore(hit) > now
      ? this.#answer(query, stale.ttlSeconds)
      : FAST_SLOW
  }

  #answer(query: FastQuery, ttlSeconds: number): FastVerdict {
    const hit = this.#hit
    const { out, outAt, ttlOffsets } = query
    const count = hit.ttlCount
    if (count >= ttlOffsets.length || hasOpt(out, outAt, count)) return FAST_SLOW
    for (let k = 0; k < count; k++) {
      const offset = hit.offsets[k]!
      ttlOffsets[k] = offset
      setU32(out, outAt + offset, ttlSeconds)
    }
    setFlags(out, outAt, hitFlags(query, getFlags(out, outAt)))
    query.ttlCount = count
    query.replyLength = hit.messageBytes
    query.plainLength = hit.plainBytes
    return FAST_ANSWERED
  }
}
