// The shard half of minimal: which replies are answers.

import { after } from '../../chain/after.ts'
import { classify } from '../../chain/classify.ts'
import { edit } from '../../chain/edit.ts'
import type { Stage } from '../../chain/handler.ts'
import type { Query } from '../../chain/query.ts'
import type { Reply } from '../../chain/reply.ts'
import type { ServeScope } from '../../chain/serve-scope.ts'
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
