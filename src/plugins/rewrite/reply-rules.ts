// Changes a reply: it gets the client's question back, and the rules that were applied to the
// question change its contents. As in CoreDNS the last rule is applied first.

import { type Change, edit, optOf } from '../../chain/answer/edit.ts'
import { renamed } from '../../chain/answer/renamed.ts'
import { ServerError } from '../../chain/errors.ts'
import type { Query } from '../../chain/query/query.ts'
import { after } from '../../chain/reply/after.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import { eachMessage } from '../../chain/reply/stream.ts'
import { EDNS_DO } from '../../wire/edns.ts'
import { ADDED_UDP_SIZE, type Draft, joined, optionsIn } from './draft.ts'
import type { Rename } from './renames.ts'
import type { RcodeRule, TtlRule } from './rule.ts'
import { renameValue, renameWire } from './wire-renames.ts'

/** What one rule does with the reply. */
export type ReplyRule =
  | { readonly kind: 'owner' | 'value' | 'cname'; readonly rename: Rename }
  | Pick<TtlRule, 'kind' | 'least' | 'most'>
  | Pick<RcodeRule, 'kind' | 'from' | 'to'>
  /** The option gets the data back that the client has sent under its code. */
  | { readonly kind: 'option'; readonly code: number; readonly sent: readonly Uint8Array[] }

/**
 * Applies a rule to a question. Undefined if it does not apply. Throws a ServerError if the result
 * cannot be asked.
 */
export type Apply = (draft: Draft) => readonly ReplyRule[] | undefined

/** Changes the targets of the aliases of a reply. */
export type Retarget = (reply: Reply, rename: Rename) => Reply | Promise<Reply>

export interface Revision {
  /** The client's. */
  readonly query: Query
  /** Whether another question was asked. */
  readonly isOther: boolean
  /** Whether an OPT record was added that the client has not sent. */
  readonly addsOpt: boolean
  /** The rules, the last one first. */
  readonly rules: readonly ReplyRule[]
  readonly retarget: Retarget
}

/** Changes a reply. Throws a ServerError, or rejects with one, if the result cannot be sent. */
export const revise = (reply: Reply, revision: Revision): Reply | Promise<Reply> => {
  const { rules } = revision
  // A transfer gives the zone as it is, so its aliases are not followed.
  const at = reply.following === undefined ? rules.findIndex(({ kind }) => kind === 'cname') : -1
  const rule = rules[at]
  if (rule?.kind !== 'cname') return eachMessage(reply, message => revised(message, revision))
  const first = revised(reply, { ...revision, rules: rules.slice(0, at) })
  const rest = { ...revision, isOther: false, addsOpt: false, rules: rules.slice(at + 1) }
  return after(revision.retarget(first, rule.rename), next => revise(next, rest))
}

/** Applies all rules except those for aliases. */
const revised = (message: Reply, { query, isOther, addsOpt, rules }: Revision): Reply => {
  if (message.bytes.length === 0) return message
  const owners = renamesOf(rules, 'owner')
  const values = renamesOf(rules, 'value')
  const owner = owners.length > 0 ? renameWire(owners) : undefined
  const rdata = values.length > 0 ? renameValue(values) : undefined
  const isRenamed = isOther || owner !== undefined || rdata !== undefined
  const own = isRenamed ? renamed(query, message, { owner, rdata }) : message
  const rcode = rcodeAfter(own.rcode, rules)
  return edit(own, {
    ttl: ttlAfter(rules),
    opt: optAfter(own, addsOpt, rules),
    rcode: rcode === own.rcode ? undefined : rcode,
  })
}

const renamesOf = (rules: readonly ReplyRule[], kind: 'owner' | 'value'): Rename[] =>
  rules.flatMap(rule => (rule.kind === kind ? rule.rename : []))

const rcodeAfter = (rcode: number, rules: readonly ReplyRule[]): number => {
  let after = rcode
  for (const rule of rules) if (rule.kind === 'rcode' && rule.from === after) after = rule.to
  return after
}

const ttlAfter = (rules: readonly ReplyRule[]): Change['ttl'] => {
  const bounds = rules.filter(rule => rule.kind === 'ttl')
  if (bounds.length === 0) return undefined
  return seconds => {
    let after = seconds
    for (const { least, most } of bounds) after = Math.min(Math.max(after, least), most)
    return after
  }
}

const optAfter = (reply: Reply, addsOpt: boolean, rules: readonly ReplyRule[]): Change['opt'] => {
  const reverts = rules.filter(rule => rule.kind === 'option')
  const hasOpt = reply.layout.optIndex >= 0
  if (!addsOpt && (reverts.length === 0 || !hasOpt)) return undefined
  const own = optOf(reply)
  let options = optionsIn(own.options)
  for (const { code, sent } of reverts) {
    const others = options.filter(option => option.code !== code)
    if (others.length < options.length) options = [...others, ...sent.map(data => ({ code, data }))]
  }
  const opt = { ...own, options: joined(options) }
  // The same that the server does to the OPT record for a client that has sent one.
  return addsOpt
    ? { ...opt, udpSize: ADDED_UDP_SIZE, version: 0, flags: (own.flags ?? 0) & EDNS_DO }
    : opt
}

/** Applies the rules to a failure of the rest of the chain, which then ends in another rcode. */
export const reviseFailure = (error: unknown, rules: readonly ReplyRule[]): unknown => {
  if (!(error instanceof ServerError)) return error
  const rcode = rcodeAfter(error.rcode, rules)
  return rcode === error.rcode
    ? error
    : new ServerError(error.code, error.message, rcode, { cause: error })
}
