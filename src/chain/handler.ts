// What a chain is made of.

import { ServerError } from './errors.ts'
import type { FastStep } from './fast-step.ts'
import type { Query } from './query.ts'
import type { Reply } from './reply.ts'

/** Answers a query: synchronously when the answer is at hand. Fails with a ServerError. */
export type Handler = (query: Query) => Reply | Promise<Reply>

/**
 * Puts a plugin in front of the rest of the chain; called once per server block and shard, at load.
 */
export type Wrap = (next: Handler) => Handler

/**
 * What the serve half of a plugin contributes. Queries take the fast path as far as all plugins
 * from the front of the chain offer a step.
 */
export interface Stage {
  readonly wrap: Wrap
  readonly fast?: FastStep | undefined
}

/**
 * The end of each chain: fails as CoreDNS does when the last plugin passes on. `name` is the plugin
 * that passed on.
 */
export const noNext =
  (name: string): Handler =>
  () => {
    throw new ServerError('NO_NEXT', `plugin/${name}: no next plugin found`)
  }
