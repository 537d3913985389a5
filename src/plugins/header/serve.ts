// The shard half of header: the changes of flags.

import { edit } from '../../chain/answer/edit.ts'
import type { Query } from '../../chain/query/query.ts'
import { after } from '../../chain/reply/after.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import { eachMessage } from '../../chain/reply/stream.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import { FLAG_AA, FLAG_RA, FLAG_RD } from '../../wire/header.ts'
import type { FlagRules, HeaderOptions } from './options.ts'

/** The bits of the flags that the rules set, or those that they clear. */
const bitsOf = ({ aa, ra, rd }: FlagRules, isSet: boolean): number =>
  (aa === isSet ? FLAG_AA : 0) | (ra === isSet ? FLAG_RA : 0) | (rd === isSet ? FLAG_RD : 0)

export const serve = ({ query: rules, response }: HeaderOptions): Stage => {
  const set = bitsOf(rules, true)
  const clear = bitsOf(rules, false)
  const changed = (query: Query): Query => {
    const flags = (query.flags & ~clear) | set
    return flags === query.flags ? query : query.with({ flags })
  }
  const change = { flags: response }
  const shown = (reply: Reply): Reply =>
    reply.isWritten ? eachMessage(reply, message => edit(message, change)) : reply
  return { wrap: next => query => after(next(changed(query)), shown) }
}
