// A `template` of a Corefile as plain data, for both halves.

export const SECTIONS = ['answer', 'additional', 'authority'] as const
export type Section = (typeof SECTIONS)[number]

export interface RecordSource {
  readonly section: Section
  /** Of the template that a record is made with. */
  readonly text: string
  /** `FILE:LINE`. */
  readonly place: string
}

export interface VariableSource {
  readonly name: string
  readonly text: string
}

/** One directive. */
export interface Rule {
  /** 255 is any. */
  readonly qclass: number
  readonly qtype: number
  readonly zones: readonly string[]
  /** Regular expressions; none: every name matches. */
  readonly matches: readonly string[]
  readonly variables: readonly VariableSource[]
  readonly conditions: readonly string[]
  readonly records: readonly RecordSource[]
  readonly rcode: number
  /** Extended error (RFC 8914). */
  readonly ederror: { readonly code: number; readonly text: string } | undefined
  /** Zones of `fallthrough`; empty without the option. */
  readonly fall: readonly string[]
}
