// autopath in a shard. A client with a search path asks for NAME.DOMAIN, domain after domain, until
// a name exists. At the first of these questions autopath asks the others for it.

import type { RecordData } from '../../chain/answer/answer.ts'
import { recordAt } from '../../chain/answer/record-copy.ts'
import { renamed } from '../../chain/answer/renamed.ts'
import { ServerError } from '../../chain/errors.ts'
import { SEARCH_PATHS } from '../../chain/offers/search-paths.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Query } from '../../chain/query/query.ts'
import { type Reply, SILENCE } from '../../chain/reply/reply.ts'
import type { Handler, Stage } from '../../chain/stage/handler.ts'
import { foldName, isSubname, MAX_NAME_SIZE, namesEqual, nameToText } from '../../wire/name.ts'
import { RCODE_NXDOMAIN, RCODE_SERVFAIL } from '../../wire/rcodes.ts'
import { TYPE_CNAME } from '../../wire/rrtypes.ts'
import type { AutopathShared } from './control.ts'
import type { AutopathOptions } from './options.ts'
import { Searched } from './searched.ts'

export const serve = (
  options: AutopathOptions,
  scope: ServeScope,
  { domains = [], success }: AutopathShared,
): Stage => {
  const searched = new Searched(options, domains, () => scope.offered(SEARCH_PATHS))
  const found = (query: Query): void => {
    const server = scope.block.listeners.findIndex(({ index }) => index === query.listener.index)
    if (server >= 0) scope.counters.add(success.base + server * success.step)
  }
  return {
    concerns: searched.concerns.bind(searched),
    wrap: next => query => {
      const path = searched.path(query)
      const [first] = path
      // The client's pod may have changed since `concerns` was called.
      if (first === undefined || !isSubname(query.question.folded, first)) return next(query)
      return walk(query, path, next, found)
    },
  }
}

/**
 * Asks for the name in one domain after the other, until it exists. If it exists nowhere, the first
 * answer is given, and the client goes on by itself.
 */
const walk = async (
  query: Query,
  path: readonly Uint8Array[],
  next: Handler,
  found: (query: Query) => void,
): Promise<Reply> => {
  const { wire } = query.question
  const base = wire.subarray(0, wire.length - path[0]!.length)
  if (base.length === 0) throw overshot(query, path[0]!)
  let first: Reply | undefined
  for (const domain of path) {
    // A text that is no name exists nowhere.
    if (base.length + domain.length > MAX_NAME_SIZE) continue
    const reply = await next(query.with({ name: Buffer.concat([base, domain]) }))
    if (reply === SILENCE) return reply
    first ??= reply
    if (!reply.isWritten || reply.rcode === RCODE_NXDOMAIN) continue
    found(query)
    return renamed(query, reply, { front: aliasFor(query, reply) })
  }
  return renamed(query, first!)
}

/** As CoreDNS: nothing is left of the name to look for. */
const overshot = ({ question }: Query, domain: Uint8Array): ServerError =>
  new ServerError(
    'AUTOPATH_OVERSHOT',
    `plugin/autopath: trimzone: overshot qname: ${nameToText(question.wire)}for zone ${nameToText(domain)}`,
    RCODE_SERVFAIL,
  )

/**
 * From the name that was asked for to the one that the first record has, with its TTL; undefined if
 * all records have the name that was asked for.
 */
const aliasFor = ({ question }: Query, { bytes, layout }: Reply): RecordData | undefined => {
  const owners = new Map()
  for (let index = 0; index < layout.answerCount; index++) {
    const record = recordAt(bytes, layout, index, owners)
    if (record === undefined || namesEqual(foldName(record.owner), question.folded)) continue
    const { owner: rdata, ttlSeconds } = record
    return { owner: question.wire, type: TYPE_CNAME, ttlSeconds, rdata }
  }
  return undefined
}
