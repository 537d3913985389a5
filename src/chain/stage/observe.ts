// The handler of plugins that only observe (errors, log, prometheus): they see the outcome and pass
// it on unchanged.

import type { Query } from '../query/query.ts'
import { after } from '../reply/after.ts'
import type { Reply } from '../reply/reply.ts'
import type { Handler, Wrap } from './handler.ts'

export interface Observer {
  onReply?(query: Query, reply: Reply): void
  onFailure(query: Query, error: unknown): void
}

/**
 * Calls the observer once per query, after the rest of the chain has answered or failed: but not
 * for outcomes after the query's deadline, when the server has already answered.
 */
export const observe =
  (observer: Observer): Wrap =>
  (next: Handler): Handler => {
    const replied = (query: Query, reply: Reply): Reply => {
      if (!query.isCut) observer.onReply?.(query, reply)
      return reply
    }
    const failed = (query: Query, error: unknown): never => {
      if (!query.isCut) observer.onFailure(query, error)
      throw error
    }
    return query => {
      let outcome: Reply | Promise<Reply>
      try {
        outcome = next(query)
      } catch (error) {
        return failed(query, error)
      }
      return after(
        outcome,
        reply => replied(query, reply),
        error => failed(query, error),
      )
    }
  }
