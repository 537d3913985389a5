// any: answers queries for type ANY with one HINFO record, as RFC 8482 section 4.2 proposes, so
// that they serve no amplification.

import { answer } from '../../chain/answer.ts'
import { FAST_NEXT, FAST_SLOW } from '../../chain/fast-step.ts'
import type { Plugin } from '../../chain/plugin.ts'
import { noOptions } from '../../corefile/option-table.ts'
import { rdataStrings } from '../../wire/rdata.ts'
import { TYPE_ANY, TYPE_HINFO } from '../../wire/rrtypes.ts'

const TTL_SECONDS = 8482
const HINFO = rdataStrings('ANY obsoleted', 'See RFC 8482')

export const any: Plugin<undefined> = {
  name: 'any',
  options: noOptions('first'),
  serve: () => ({
    fast: { ask: query => (query.qtype === TYPE_ANY ? FAST_SLOW : FAST_NEXT) },
    wrap: next => query => {
      const { question } = query
      if (question.type !== TYPE_ANY) return next(query)
      return answer(query, {
        answers: [
          { owner: question.wire, type: TYPE_HINFO, ttlSeconds: TTL_SECONDS, rdata: HINFO },
        ],
      })
    },
  }),
}
