// acl in a shard: which policy a query meets, and what it gets for it.

import { type IpAddress, parseIp, withoutZone } from '../../base/ip.ts'
import { answer } from '../../chain/answer.ts'
import type { Handler, Stage } from '../../chain/handler.ts'
import type { Query } from '../../chain/query.ts'
import { type Reply, SILENCE } from '../../chain/reply.ts'
import type { ServeScope } from '../../chain/serve-scope.ts'
import { ZoneSet } from '../../chain/zones.ts'
import { EDNS_DO, makeOption, OPTION_EDE } from '../../wire/edns.ts'
import { RCODE_NOERROR, RCODE_REFUSED } from '../../wire/rcodes.ts'
import type { AclShared } from './control.ts'
import { fast } from './fast.ts'
import type { Action, Rule } from './options.ts'
import { type CompiledPolicy, compilePolicy, fits } from './policy.ts'

/**
 * RFC 8914 section 4: the query was blocked by the operator of this server, or filtered on request
 * of the client's side.
 */
const EDE_BLOCKED = 15
const EDE_FILTERED = 17

/** The UDP size that CoreDNS's own OPT records of acl show, whatever the client's. */
const OPT_UDP_SIZE = 4096

interface CompiledRule {
  readonly zones: ZoneSet
  readonly policies: readonly CompiledPolicy[]
}

interface Verdict {
  readonly action: Action
  readonly zone: string
}

const compileRule = (rule: Rule): CompiledRule => ({
  zones: new ZoneSet(rule.zones),
  policies: rule.policies.map(compilePolicy),
})

/** The action of the first policy that fits. A client without readable address meets `block`. */
const policyAction = (
  policies: readonly CompiledPolicy[],
  address: IpAddress | undefined,
  type: number,
): Action | undefined => {
  if (address === undefined) return 'block'
  return policies.find(policy => fits(policy, address, type))?.action
}

const judge = (
  rules: readonly CompiledRule[],
  query: Query,
  address: IpAddress | undefined,
): Verdict | undefined => {
  for (const rule of rules) {
    const zone = rule.zones.match(query.question.name)
    if (zone === undefined) continue
    const action = policyAction(rule.policies, address, query.question.type)
    if (action !== undefined) return { action, zone }
  }
  return undefined
}

const refusal = (query: Query, rcode: number, infoCode: number): Reply => {
  const options = makeOption(OPTION_EDE, Uint8Array.of(infoCode >> 8, infoCode))
  return answer(query, { rcode, opt: { udpSize: OPT_UDP_SIZE, flags: EDNS_DO, options } })
}

export const serve = (rules: readonly Rule[], scope: ServeScope, shared: AclShared): Stage => {
  const compiled = rules.map(compileRule)
  const positions = new Map(
    scope.block.listeners.map((listener, position) => [listener.index, position]),
  )

  const count = (query: Query, verdict: Verdict | undefined): void => {
    const position = positions.get(query.listener.index)
    if (position === undefined) return
    if (verdict === undefined || verdict.action === 'allow') {
      scope.counters.add(shared.allowed.base + position * shared.allowed.step)
      return
    }
    const { base, step } = shared[verdict.action]
    scope.counters.add(
      base + (position * shared.zones.length + shared.zones.indexOf(verdict.zone)) * step,
    )
  }

  const enforce = (query: Query, next: Handler): Reply | Promise<Reply> => {
    const address = parseIp(withoutZone(query.client.address))
    const verdict = judge(compiled, query, address)
    if (address === undefined && verdict !== undefined) {
      scope.log.error(`Blocking request. Unable to parse source address: ${query.client.address}`)
    }
    count(query, verdict)
    if (verdict?.action === 'block') return refusal(query, RCODE_REFUSED, EDE_BLOCKED)
    if (verdict?.action === 'filter') return refusal(query, RCODE_NOERROR, EDE_FILTERED)
    return verdict?.action === 'drop' ? SILENCE : next(query)
  }

  const allowed = scope.block.listeners.map(({ index }, position) => ({
    index,
    word: shared.allowed.base + position * shared.allowed.step,
  }))
  return { fast: fast(rules, allowed, scope.counters), wrap: next => query => enforce(query, next) }
}
