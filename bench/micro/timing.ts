// Times an operation in batches that are long enough for the clock.

import { type Spread, spread } from '../measure/stats.ts'

export interface MicroBench {
  readonly name: string
  /** Its result is kept, so that the compiler cannot leave the work out. `n` counts up. */
  readonly operation: (n: number) => unknown
}

const BATCHES = 15
const BATCH_NS = 20_000_000n
const WARM_NS = 200_000_000n
const FIRST_COUNT = 1000

/** What the last operation gave. */
export let kept: unknown

const batch = (operation: (n: number) => unknown, count: number): bigint => {
  const start = process.hrtime.bigint()
  for (let n = 0; n < count; n++) kept = operation(n)
  return process.hrtime.bigint() - start
}

export const nanosecondsPerOperation = (operation: (n: number) => unknown): Spread => {
  let count = FIRST_COUNT
  let elapsed = 0n
  for (let total = 0n; total < WARM_NS; total += elapsed) {
    elapsed = batch(operation, count)
    if (elapsed < BATCH_NS) count *= 2
  }
  const times = Array.from({ length: BATCHES }, () => Number(batch(operation, count)) / count)
  return spread(times) as Spread
}
