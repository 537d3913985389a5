// The shard half of minimal: which replies are answers.

import { classify } from '../../chain/answer/classify.ts'
import { edit } from '../../chain/answer/edit.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Query } from '../../chain/query/query.ts'
import { after } from '../../chain/reply/after.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import { concerns, FastMinimal } from './fast.ts'

const isAnswer = (query: Query, reply: Reply, { clock }: ServeScope): boolean =>
  reply.isWritten && reply.bytes.length > 0 && classify(query, reply, clock) === 'NOERROR'

export const serve = (_options: undefined, scope: ServeScope): Stage => ({
  concerns,
  fast: new FastMinimal(),
  wrap: next => query =>
    after(next(query), reply =>
      isAnswer(query, reply, scope)
        ? edit(reply, { keep: section => section === 0, opt: false })
        : reply,
    ),
})
