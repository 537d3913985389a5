// What a plugin contributes to the fast path, beside the handler of the slow path. Both give the
// same bytes for the same question.
//
// A query goes through `ask` of the steps from the outermost to the one that answers, then its
// answer through `shape`, then `done`, both from the innermost to the outermost. Steps whose stage
// it does not concern are passed over; `ask` follows `concerns` at once. Until the first `done` any
// step may send the query to the slow path, which goes through the chain from the front: so `ask`
// and `shape` leave no trace (no counter, no log line), and of what they leave in the FastQuery
// nothing is used there.

import type { FastQuery } from './fast-query.ts'

/** The next step is asked. */
export const FAST_NEXT = 0
/** The slow path answers. */
export const FAST_SLOW = 1
/** The answer stands in `query.out`. */
export const FAST_ANSWERED = 2
export type FastVerdict = typeof FAST_NEXT | typeof FAST_SLOW | typeof FAST_ANSWERED

/** No closures, strings, exceptions or allocations in these: they run once per query. */
export interface FastStep {
  /** Lets the query pass, answers it, or sends it to the slow path. Absent: lets it pass. */
  ask?(query: FastQuery): FastVerdict
  /**
   * Changes the answer in place on its way out; false sends the query to the slow path after all.
   */
  shape?(query: FastQuery): boolean
  /** The answer is certain: counts it, writes it down. */
  done?(query: FastQuery): void
  /**
   * After a batch, when its answers have been sent: the milliseconds since the batch was received,
   * for each query that was `done` in it.
   */
  batchSent?(elapsedMs: number): void
}

/** For plugins that only matter when something fails. */
export const TRANSPARENT: FastStep = {}
