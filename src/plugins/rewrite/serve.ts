// The shard half of rewrite: changes the question for the rest of the chain, and then the reply.

import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Query } from '../../chain/query/query.ts'
import { after } from '../../chain/reply/after.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import type { Handler, Stage } from '../../chain/stage/handler.ts'
import { type Retargeting, retarget } from './cname.ts'
import { concernsOf } from './concern.ts'
import type { RewriteShared } from './control.ts'
import { Draft, isFailure } from './draft.ts'
import { compileRule } from './question-rules.ts'
import { type Apply, type ReplyRule, type Revision, revise, reviseFailure } from './reply-rules.ts'
import type { Rule } from './rule.ts'

interface Compiled {
  readonly apply: Apply
  readonly isLast: boolean
}

export const serve = (
  rules: readonly Rule[],
  scope: ServeScope,
  { failures }: RewriteShared,
): Stage => {
  const compiled = rules.map(rule => ({ apply: compileRule(rule), isLast: rule.isLast }))
  const positions = new Map(
    scope.block.listeners.map((listener, position) => [listener.index, position]),
  )
  const failed = (query: Query, error: unknown): never => {
    const position = positions.get(query.listener.index)
    if (isFailure(error) && position !== undefined)
      scope.counters.add(failures.base + position * failures.step)
    throw error
  }
  const rewrite = (query: Query, next: Handler): Reply | Promise<Reply> => {
    const draft = new Draft(query)
    const replies = applied(compiled, draft).reverse()
    const asked = draft.asked()
    const { isOther, addsOpt } = draft
    const retargeting: Retargeting = { query, asked, resolve: scope.resolve }
    const revision: Revision = {
      query,
      isOther,
      addsOpt,
      rules: replies,
      retarget: (reply, rename) => retarget(reply, rename, retargeting),
    }
    return answered(next, asked, revision)
  }
  return {
    concerns: concernsOf(rules),
    wrap: next => query => {
      try {
        return after(
          rewrite(query, next),
          reply => reply,
          error => failed(query, error),
        )
      } catch (error) {
        return failed(query, error)
      }
    },
  }
}

/** Applies the rules in order. Returns what they do with the reply. */
const applied = (rules: readonly Compiled[], draft: Draft): ReplyRule[] => {
  const replies: ReplyRule[] = []
  for (const { apply, isLast } of rules) {
    const own = apply(draft)
    if (own === undefined) continue
    replies.push(...own)
    if (isLast) break
  }
  return replies
}

const answered = (next: Handler, asked: Query, revision: Revision): Reply | Promise<Reply> => {
  const { isOther, addsOpt, rules } = revision
  if (!isOther && !addsOpt && rules.length === 0) return next(asked)
  const failed = (error: unknown): never => {
    throw reviseFailure(error, rules)
  }
  let reply: Reply | Promise<Reply>
  try {
    reply = next(asked)
  } catch (error) {
    return failed(error)
  }
  return after(reply, value => revise(value, revision), failed)
}
