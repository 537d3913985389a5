// The rules of a server block as plain data: made by options.ts, used by serve.ts.

export const NAME_MATCHES = ['exact', 'prefix', 'suffix', 'substring', 'regex'] as const

/** Which names: `text` in lower case, and as RE2 syntax that is known to compile for `regex`. */
export interface NameMatch {
  readonly how: (typeof NAME_MATCHES)[number]
  readonly text: string
}

export interface NameRule {
  readonly kind: 'name'
  readonly match: NameMatch
  /** With `{N}` for groups of a regex. */
  readonly to: string
  /** Owners and values of the reply are mapped back. */
  readonly isAuto: boolean
  readonly answers: readonly AnswerRule[]
}

/** What becomes of the names in a reply that a pattern matches. */
export interface AnswerRule {
  readonly part: 'owner' | 'value'
  readonly pattern: string
  readonly to: string
}

/** Of the question: another type or class for one. */
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
  /** The reply shows the client's option again, or none. */
  readonly isReverted: boolean
}

export type EdnsData =
  | { readonly of: 'literal'; readonly hex: string }
  /** Without the braces: one of EDNS_VARIABLES, or a label of metadata. */
  | { readonly of: 'variable'; readonly name: string }
  /** Bits of the client's address that are told. */
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
  /** Of the targets of CNAME records. */
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
  /** `stop`: where it applies, no further rule is looked at. */
  readonly isLast: boolean
}
