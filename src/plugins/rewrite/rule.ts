// The rules of a server block as plain data: made by options.ts, used by serve.ts.

export const NAME_MATCHES = ['exact', 'prefix', 'suffix', 'substring', 'regex'] as const

/**
 * The names that a rule matches. `text` is in lower case. For `regex` it is RE2 syntax that has
 * been compiled before.
 */
export interface NameMatch {
  readonly how: (typeof NAME_MATCHES)[number]
  readonly text: string
}

export interface NameRule {
  readonly kind: 'name'
  readonly match: NameMatch
  /** The new name, with `{N}` for groups of a regex. */
  readonly to: string
  /** Whether owners and values of the reply are mapped back. */
  readonly isAuto: boolean
  readonly answers: readonly AnswerRule[]
}

/** How names in a reply that match a pattern are renamed. */
export interface AnswerRule {
  readonly part: 'owner' | 'value'
  readonly pattern: string
  readonly to: string
}

/** A rule for the question that replaces a type or class. */
interface NumberRule<Kind> {
  readonly kind: Kind
  readonly from: number
  readonly to: number
}

export const EDNS_ACTIONS = ['set', 'append', 'replace', 'unset'] as const

export interface EdnsRule {
  readonly kind: 'edns0'
  readonly action: (typeof EDNS_ACTIONS)[number]
  readonly code: number
  readonly data: EdnsData
  /** Whether the reply gets the client's option back, or none if the client had none. */
  readonly isReverted: boolean
}

export type EdnsData =
  | { readonly of: 'literal'; readonly hex: string }
  /** The variable without braces: one of EDNS_VARIABLES, or a label of metadata. */
  | { readonly of: 'variable'; readonly name: string }
  /** The number of bits of the client's address that are sent. */
  | { readonly of: 'subnet'; readonly bits4: number; readonly bits6: number }

export const EDNS_VARIABLES = [
  'qname',
  'qtype',
  'client_ip',
  'client_port',
  'protocol',
  'server_ip',
  'server_port',
] as const

export interface TtlRule {
  readonly kind: 'ttl'
  readonly match: NameMatch
  readonly least: number
  readonly most: number
}

export interface RcodeRule {
  readonly kind: 'rcode'
  readonly match: NameMatch
  readonly from: number
  readonly to: number
}

export interface CnameRule {
  readonly kind: 'cname'
  /** Matches targets of CNAME records. */
  readonly match: NameMatch
  readonly to: string
}

/** A rule without its mode. */
export type Change =
  | NameRule
  | NumberRule<'type'>
  | NumberRule<'class'>
  | EdnsRule
  | TtlRule
  | RcodeRule
  | CnameRule

export type Rule = Change & {
  /** `stop`: if the rule applies, it is the last one. */
  readonly isLast: boolean
}
