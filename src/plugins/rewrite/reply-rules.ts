// Changes a reply: it gets the client's question back, and the rules that applied to the question
// change its contents. As in CoreDNS the last rule is applied first.

import { after } from '../../chain/after.ts'
import { type Change, edit, optOf } from '../../chain/edit.ts'
import { ServerError } from '../../chain/errors.ts'
import type { Query } from '../../chain/query.ts'
import { renamed } from '../../chain/renamed.ts'
import type { Reply } from '../../chain/reply.ts'
import { eachMessage } from '../../chain/stream.ts'
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
  /** An option shows what the client has sent under its code. */
  | { readonly kind: 'option'; readonly code: number; readonly sent: readonly Uint8Array[] }

/**
 * Applies a rule to a question. Undefined: it does not apply. Throws a ServerError for what cannot
 * be asked.
 */
export type Apply = (draft: Draft) => readonly ReplyRule[] | undefined

/** Lets the aliases of a reply lead elsewhere. */
export type Retarget = (reply: Reply, rename: Rename) => Reply | Promise<Reply>

export interface Revision {
  /** The client's. */
  readonly query: Query
  /** Whether another question was asked. */
  readonly isOther: boolean
  /** Whether it was asked with an OPT record that the client has not sent. */
  readonly addsOpt: boolean
  /** The last one first. */
  readonly rules: readonly ReplyRule[]
  readonly retarget: Retarget
}

/** Throws a ServerError, or rejects with one, for what cannot be sent. */
export const revise = (reply: Reply, revision: Revision): Reply | Promise<Reply> => {
  const { rules } = revision
  // The messages of a transfer are a zone as it is: no alias in them is followed.
  const at = reply.following === undefined ? rules.findIndex(({ kind }) => kind === 'cname') : -1
  const rule = rules[at]
  if (rule?.kind !== 'cname') return eachMessage(reply, message => revised(message, revision))
  const first = revised(reply, { ...revision, rules: rules.slice(0, at) })
  const rest = { ...revision, isOther: false, addsOpt: false, rules: rules.slice(at + 1) }
  return after(revision.retarget(first, rule.rename), next => revise(next, rest))
}

/** All but aliases. */
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
  // What the server does with an OPT record for a client that has sent one.
  return addsOpt
    ? { ...opt, udpSize: ADDED_UDP_SIZE, version: 0, flags: (own.flags ?? 0) & EDNS_DO }
    : opt
}

/** The same of a failure further down: it ends in another rcode. */
export const reviseFailure = (error: unknown, rules: readonly ReplyRule[]): unknown => {
  if (!(error instanceof ServerError)) return error
  const rcode = rcodeAfter(error.rcode, rules)
  return rcode === error.rcode
    ? error
    : new ServerError(error.code, error.message, rcode, { cause: error })
}
