// Hot path. Background refreshes: prefetch of popular entries about to expire, and renewal of stale
// ones already served. One per question over all shards. They are asked as if over TCP, as
// CoreDNS's are: forward then uses TCP upstream. No client waits for a refresh, and over TCP it is
// never truncated and cannot be forged by an off-path attacker. All have the same form, independent
// of the query that caused the refresh: the answer is for all clients.

import type { Clock } from '../../../base/time/clock.ts'
import type { CacheHit } from '../../../cache/hit.ts'
import { QUERY_BUDGET_MS, Query } from '../../../chain/query/query.ts'
import { within } from '../../../chain/reply/after.ts'
import { EDNS_DO, readEdns } from '../../../wire/edns.ts'
import { FLAG_AD, FLAG_CD, FLAG_RD } from '../../../wire/header.ts'
import { readLayout } from '../../../wire/layout.ts'
import { MessageWriter } from '../../../wire/writer.ts'
import type { Counts } from '../counts.ts'
import type { Side } from '../entries/store.ts'
import type { PrefetchOptions } from '../options.ts'
import type { Purpose } from './intake.ts'
import type { Misses } from './miss.ts'

/**
 * Refreshes under way in one shard: a burst of expiries must not starve the clients' own questions.
 */
const REFRESH_LIMIT = 1000

/** Whether an entry with so many hits is popular and about to expire. */
export const isDue = (
  prefetch: PrefetchOptions,
  popularity: number,
  hit: CacheHit,
  now: number,
): boolean =>
  popularity >= prefetch.amount &&
  hit.remainingSeconds(now) <= Math.ceil((prefetch.percentage / 100) * hit.ttlSeconds)

/** UDP size that the server's own queries advertise; over a stream it has no effect. */
const OWN_UDP_SIZE = 1232

/** The query's question in plain form, over TCP, with a whole budget of its own. */
const refreshQuery = (query: Query, nowMs: number): Query => {
  const { question, client, local, listener } = query
  const writer = new MessageWriter()
  writer.header(query.id, FLAG_RD | FLAG_AD | (query.flags & FLAG_CD))
  writer.question(question.wire, question.type, question.class)
  if (query.do) writer.opt({ udpSize: OWN_UDP_SIZE, flags: EDNS_DO })
  const bytes = writer.finish()
  const layout = readLayout(bytes)
  const edns = layout && readEdns(bytes, layout)
  const own = { bytes, question, edns: edns === 'malformed' ? undefined : edns }
  const refresh = new Query({
    ...own,
    transport: 'tcp',
    client,
    local,
    listener,
    receivedMs: nowMs,
  })
  refresh.view = query.view
  return refresh
}

export class Refresher {
  readonly #misses: Misses
  readonly #counts: Counts
  readonly #prefetch: PrefetchOptions | undefined
  readonly #clock: Pick<Clock, 'ms'>
  #underWay = 0

  constructor(
    misses: Misses,
    counts: Counts,
    prefetch: PrefetchOptions | undefined,
    clock: Pick<Clock, 'ms'>,
  ) {
    this.#misses = misses
    this.#counts = counts
    this.#prefetch = prefetch
    this.#clock = clock
  }

  /**
   * Counts a fresh hit; returns the parameters of a refresh if the entry is popular and about to
   * expire.
   */
  purposeIfDue(side: Side, now: number): Purpose | undefined {
    const prefetch = this.#prefetch
    if (prefetch === undefined) return undefined
    const popularity = side.table.notes.popularity(side.hit, now, prefetch.windowSeconds)
    return isDue(prefetch, popularity, side.hit, now) ? { replaces: true, popularity } : undefined
  }

  /** Starts a refresh unless one is under way. It ends in the store or in nothing. */
  start(query: Query, purpose: Purpose): void {
    if (this.#underWay >= REFRESH_LIMIT) return
    this.#underWay++
    this.#run(refreshQuery(query, this.#clock.ms()), purpose)
      // The entry stays as it is and upstream's failure is forward's to count: there is no client
      // to tell.
      .catch(() => undefined)
      .finally(() => this.#underWay--)
  }

  async #run(query: Query, purpose: Purpose): Promise<void> {
    const outcome = this.#misses.askUnlessAsked(query, purpose)
    if (outcome === undefined) return
    this.#counts.prefetch(query)
    // A chain that keeps no deadline must not hold a place for ever.
    await within(outcome, QUERY_BUDGET_MS)
  }
}
