// Main half of errors: one summary per pattern and period for the whole process.
//
// Each `consolidate` owns one shared word, the errors counted in the period that runs; 0 means that
// none runs. A shard adds 1; the shard that raises it from 0 opens the period and wakes main, which
// waits for the period to end, takes the count (exchange with 0) and prints it. Counts are only
// ever taken by exchange, so each error is in exactly one summary, and a shard that dies leaves
// nothing behind.

import { LONGEST_TIMER_MS } from '../../base/time/timers.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { ErrorsOptions } from './options.ts'
import { printSummary } from './summary.ts'

export interface ErrorsShared {
  /** Word offset of the first pattern's count; the others follow. */
  readonly countsWord: number
}

export const control = (options: ErrorsOptions, scope: ControlScope): ErrorsShared => {
  const { consolidations, stacktrace } = options
  if (stacktrace) scope.settings.stacktrace = true
  const countsWord = scope.shared(consolidations.length)
  for (const [index, consolidation] of consolidations.entries()) {
    const word = countsWord + index
    let isRetired = false
    let timer: NodeJS.Timeout | undefined
    const print = () =>
      printSummary(consolidation, Atomics.exchange(scope.words(), word, 0), scope.log)
    const awaitPeriod = async () => {
      // Resolves at once if errors were counted since; does not keep the process alive.
      await Atomics.waitAsync(scope.words(), word, 0).value
      if (isRetired) return
      timer = setTimeout(
        endPeriod,
        Math.min(Math.max(consolidation.periodMs, 0), LONGEST_TIMER_MS),
      ).unref()
    }
    const endPeriod = () => {
      print()
      void awaitPeriod()
    }
    let isStarted = false
    scope.onStart(() => {
      isStarted = true
      void awaitPeriod()
    })
    scope.onRetire(() => {
      isRetired = true
      clearTimeout(timer)
      if (!isStarted) return
      print()
      Atomics.notify(scope.words(), word)
    })
  }
  return { countsWord }
}
