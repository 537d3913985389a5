// any: answers queries for type ANY with one HINFO record, as RFC 8482 section 4.2 proposes, so
// that they serve no amplification.

import { answer } from '../../chain/answer.ts'
import type { Plugin } from '../../chain/plugin.ts'
import { rdataStrings } from '../../wire/rdata.ts'
import { TYPE_ANY, TYPE_HINFO } from '../../wire/rrtypes.ts'

const TTL_SECONDS = 8482
const HINFO = rdataStrings('ANY obsoleted', 'See RFC 8482')

export const any: Plugin<undefined> = {
  name: 'any',
  parse(directive) {
    directive.next()
    if (directive.nextArg()) throw directive.argErr()
    return undefined
  },
  serve: () => ({
    concerns: ({ qtype }) => qtype === TYPE_ANY,
    wrap: () => query => {
      const owner = query.question.wire
      return answer(query, {
        answers: [{ owner, type: TYPE_HINFO, ttlSeconds: TTL_SECONDS, rdata: HINFO }],
      })
    },
  }),
}
