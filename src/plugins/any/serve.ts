// The shard half of any: the answer.

import { answer } from '../../chain/answer/answer.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import { rdataStrings } from '../../wire/rdata.ts'
import { TYPE_ANY, TYPE_HINFO } from '../../wire/rrtypes.ts'

const TTL_SECONDS = 8482
const HINFO = rdataStrings('ANY obsoleted', 'See RFC 8482')

export const serve = (): Stage => ({
  concerns: ({ qtype }) => qtype === TYPE_ANY,
  wrap: () => query => {
    const owner = query.question.wire
    return answer(query, {
      answers: [{ owner, type: TYPE_HINFO, ttlSeconds: TTL_SECONDS, rdata: HINFO }],
    })
  },
})
