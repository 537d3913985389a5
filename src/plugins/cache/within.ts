// Waiting for something that goes on by itself.

import { LONGEST_TIMER_MS } from '../../base/timers.ts'

/**
 * What is there already, as it is. Of what goes on, the value or failure, or undefined once
 * `timeoutMs` have passed: a later failure is nobody's any more.
 */
export const within = <T>(
  outcome: T | Promise<T>,
  timeoutMs: number,
): T | Promise<T | undefined> => {
  if (!(outcome instanceof Promise)) return outcome
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, Math.min(timeoutMs, LONGEST_TIMER_MS), undefined)
    outcome.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
