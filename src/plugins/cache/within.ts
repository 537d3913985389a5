// Waiting for something that goes on by itself.

import { LONGEST_TIMER_MS } from '../../base/timers.ts'

/**
 * The promise's value or failure, or undefined once `timeoutMs` have passed. A later failure of the
 * promise is nobody's any more.
 */
export const within = <T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, Math.min(timeoutMs, LONGEST_TIMER_MS), undefined)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
