// Continues after a handler, whose outcome may be there at once or come later as a promise.

import { LONGEST_TIMER_MS } from '../../base/time/timers.ts'
import { Reply } from './reply.ts'

/**
 * Calls `f` with the outcome: at once if it is a reply, so that synchronous code stays synchronous;
 * when it resolves if it is a promise. `failed` is called with the error of a promise that rejects.
 * An error that `next` throws at once is not passed to it: catch it around the call of `next`.
 */
export const after = <A, B>(
  outcome: A | Promise<A>,
  f: (value: A) => B | Promise<B>,
  failed?: (error: unknown) => B | Promise<B>,
): B | Promise<B> => (outcome instanceof Promise ? outcome.then(f, failed) : f(outcome))

/** Whether the value is a reply or a promise, as a handler must return. */
export const isOutcome = (given: unknown): given is Reply | Promise<Reply> =>
  given instanceof Promise || given instanceof Reply

/**
 * A value that is no promise is returned as it is. A promise gives its value or error, or undefined
 * once `timeoutMs` have passed; an error after that is ignored.
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
