// A plugin's part of the fast path, in addition to its handler on the slow path. Both must give the
// same bytes for the same question.
//
// A query passes `ask` of the steps from the outermost to the one that answers. Its answer passes
// `shape` and then `done`, both from the innermost to the outermost. Steps of stages that the query
// does not concern are skipped; `ask` is called right after `concerns`. Until the first `done` any
// step may send the query to the slow path, which goes through the whole chain from the front. So
// `ask` and `shape` must have no side effects (no counter, no log line). The slow path does not use
// what they write to the FastQuery.

import type { FastQuery } from '../query/fast-query.ts'

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
  /** The answer is final: count or log it here. */
  done?(query: FastQuery): void
  /**
   * Called after the answers of a batch have been sent, with the milliseconds since the batch was
   * received. They hold for each query that was `done` in it.
   */
  batchSent?(elapsedMs: number): void
}

/** The step of plugins that only act on failures: all queries pass. */
export const TRANSPARENT: FastStep = {}
