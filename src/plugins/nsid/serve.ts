// The shard half of nsid: the option in the reply's OPT record.

import { hostname } from 'node:os'
import { edit, optOf } from '../../chain/answer/edit.ts'
import { after } from '../../chain/reply/after.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import { EDNS_DO, makeOption, OPTION_NSID, withoutOption } from '../../wire/edns.ts'

export const serve = ({ data }: { readonly data: readonly string[] }): Stage => {
  const name = data.length > 0 ? data.join(' ') : hostname()
  const option = makeOption(OPTION_NSID, new TextEncoder().encode(name))
  return {
    concerns: asked => asked.hasOption(OPTION_NSID),
    wrap: next => query =>
      after(next(query), reply => {
        // A reply that the server itself writes is a failure, and gets no option.
        if (!reply.isWritten) return reply
        const own = optOf(reply)
        // As CoreDNS: DO is set, unless the reply has brought an OPT record.
        const flags = reply.layout.optIndex < 0 ? EDNS_DO : (own.flags ?? 0)
        // An upstream may have told its own.
        const others = withoutOption(own.options, OPTION_NSID)
        return edit(reply, { opt: { ...own, flags, options: Buffer.concat([others, option]) } })
      }),
  }
}
