// serve_stale (RFC 8767): what a client gets when the entry that answers has expired.

import { ServerError } from '../../../chain/errors.ts'
import type { Query } from '../../../chain/query/query.ts'
import { after, within } from '../../../chain/reply/after.ts'
import type { Reply } from '../../../chain/reply/reply.ts'
import type { Counts } from '../counts.ts'
import { answerFromHit } from '../entries/hit.ts'
import type { Side } from '../entries/store.ts'
import type { StaleOptions } from '../stale-options.ts'
import { type Intake, type Outcome, REPLACE, replyFor } from './intake.ts'
import type { Misses } from './miss.ts'
import type { Refresher } from './refresh.ts'

export class StaleServer {
  readonly #options: StaleOptions
  readonly #misses: Misses
  readonly #refresher: Refresher
  readonly #intake: Intake
  readonly #counts: Counts

  constructor(
    options: StaleOptions,
    parts: { misses: Misses; refresher: Refresher; intake: Intake; counts: Counts },
  ) {
    this.#options = options
    this.#misses = parts.misses
    this.#refresher = parts.refresher
    this.#intake = parts.intake
    this.#counts = parts.counts
  }

  serve(query: Query, side: Side, now: number): Reply | Promise<Reply> {
    const mayAsk = this.#options.recheckSeconds === 0 || side.table.notes.notBefore(side.hit) <= now
    // Taken first: asking reuses the side.
    const stale = answerFromHit(query, side.hit, this.#options.ttlSeconds)
    if (mayAsk && this.#options.mode === 'verify') return this.#verify(query, stale)
    if (mayAsk) this.#refresher.start(query, REPLACE)
    return this.#serveStale(query, stale)
  }

  /** Asks first; the stale answer goes out if that fails or takes too long. */
  #verify(query: Query, stale: Reply): Reply | Promise<Reply> {
    const onFailure = (error: unknown): Reply => {
      if (error instanceof ServerError) return this.#serveStale(query, stale)
      throw error
    }
    try {
      const { verifyTimeoutMs } = this.#options
      const asked = this.#misses.ask(query, REPLACE)
      const inTime = verifyTimeoutMs === 0 ? asked : within(asked, verifyTimeoutMs)
      const choose = (outcome: Outcome | undefined): Reply => {
        // A time-out counts as a failed refresh, even if an answer comes later: until the recheck
        // no other query waits.
        if (outcome === undefined) this.#intake.failed(query)
        return this.#choose(query, outcome, stale)
      }
      return after(inTime, choose, onFailure)
    } catch (error) {
      return onFailure(error)
    }
  }

  #choose(query: Query, outcome: Outcome | undefined, stale: Reply): Reply {
    return outcome?.isUsable ? replyFor(query, outcome) : this.#serveStale(query, stale)
  }

  #serveStale(query: Query, stale: Reply): Reply {
    this.#counts.servedStale(query)
    return stale
  }
}
