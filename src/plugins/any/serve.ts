// The shard half of any: the answer.

import { answer } from '../../chain/answer.ts'
import { FAST_NEXT, FAST_SLOW } from '../../chain/fast-step.ts'
import type { Stage } from '../../chain/handler.ts'
import { rdataStrings } from '../../wire/rdata.ts'
import { TYPE_ANY, TYPE_HINFO } from '../../wire/rrtypes.ts'

const TTL_SECONDS = 8482
const HINFO = rdataStrings('ANY obsoleted', 'See RFC 8482')

export const serve = (): Stage => ({
  fast: { ask: query => (query.qtype === TYPE_ANY ? FAST_SLOW : FAST_NEXT) },
  wrap: next => query => {
    const { question } = query
    if (question.type !== TYPE_ANY) return next(query)
    return answer(query, {
      answers: [{ owner: question.wire, type: TYPE_HINFO, ttlSeconds: TTL_SECONDS, rdata: HINFO }],
    })
  },
})
