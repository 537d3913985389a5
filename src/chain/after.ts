// Going on with what a handler gives, which may be there at once or come later.

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
