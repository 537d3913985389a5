// acl in a shard: finds the policy for a query, and applies its action.

import { answer } from '../../chain/answer/answer.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Query } from '../../chain/query/query.ts'
import { type Reply, SILENCE } from '../../chain/reply/reply.ts'
import type { Handler, Stage } from '../../chain/stage/handler.ts'
import { EDNS_DO, makeOption, OPTION_EDE } from '../../wire/edns.ts'
import { RCODE_NOERROR, RCODE_REFUSED } from '../../wire/rcodes.ts'
import type { AclShared } from './control.ts'
import { FastAcl } from './fast.ts'
import type { Action, Rule } from './options.ts'
import { Judge } from './policy.ts'

/**
 * RFC 8914 section 4: the query was blocked by the operator of this server, or filtered on request
 * of the client's side.
 */
const EDE_BLOCKED = 15
const EDE_FILTERED = 17

/** The UDP size that CoreDNS's own OPT records of acl show, whatever the client's. */
const OPT_UDP_SIZE = 4096

const refusal = (query: Query, rcode: number, infoCode: number): Reply => {
  const options = makeOption(OPTION_EDE, Uint8Array.of(infoCode >> 8, infoCode))
  return answer(query, { rcode, opt: { udpSize: OPT_UDP_SIZE, flags: EDNS_DO, options } })
}

export const serve = (rules: readonly Rule[], scope: ServeScope, shared: AclShared): Stage => {
  const judge = new Judge(rules, shared.zones)
  const positions = new Map(
    scope.block.listeners.map((listener, position) => [listener.index, position]),
  )

  const count = (query: Query, action: Action | undefined): void => {
    const position = positions.get(query.listener.index)
    if (position === undefined) return
    if (action === undefined || action === 'allow') {
      scope.counters.add(shared.allowed.base + position * shared.allowed.step)
      return
    }
    const { base, step } = shared[action]
    scope.counters.add(base + (position * shared.zones.length + judge.zone) * step)
  }

  const enforce = (query: Query, next: Handler): Reply | Promise<Reply> => {
    const action = judge.judge(query.name, query.address, query.qtype)
    if (action !== undefined && query.address.bytes.length === 0) {
      scope.log.error(`Blocking request. Unable to parse source address: ${query.client.address}`)
    }
    count(query, action)
    if (action === 'block') return refusal(query, RCODE_REFUSED, EDE_BLOCKED)
    if (action === 'filter') return refusal(query, RCODE_NOERROR, EDE_FILTERED)
    return action === 'drop' ? SILENCE : next(query)
  }

  const allowed: number[] = []
  for (const [index, position] of positions)
    allowed[index] = shared.allowed.base + position * shared.allowed.step
  const fast = new FastAcl(judge, Array.from(allowed), scope.counters)
  return { fast, wrap: next => query => enforce(query, next) }
}
