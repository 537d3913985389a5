// Going on with what a handler gives, which may be there at once or come later.

import { LONGEST_TIMER_MS } from '../base/timers.ts'
import { Reply } from './reply.ts'

/**
 * `f` of the outcome: at once if it is there, so that what is synchronous stays so; else when it
 * comes. `failed` takes what a late outcome fails with; what `next` throws at once is caught where
 * it is called.
 */
export const after = <A, B>(
  outcome: A | Promise<A>,
  f: (value: A) => B | Promise<B>,
  failed?: (error: unknown) => B | Promise<B>,
): B | Promise<B> => (outcome instanceof Promise ? outcome.then(f, failed) : f(outcome))

/** Whether it is what a handler may give. */
export const isOutcome = (given: unknown): given is Reply | Promise<Reply> =>
  given instanceof Promise || given instanceof Reply

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
