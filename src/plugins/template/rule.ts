// A `template` of a Corefile as plain data, for both halves.

export const SECTIONS = ['answer', 'additional', 'authority'] as const
export type Section = (typeof SECTIONS)[number]

export interface RecordSource {
  readonly section: Section
  /** The text of the template that makes a record. */
  readonly text: string
  /** Its place, as `FILE:LINE`. */
  readonly place: string
}

export interface VariableSource {
  readonly name: string
  readonly text: string
}

/** One directive. */
export interface Rule {
  /** 255 stands for any class. */
  readonly qclass: number
  readonly qtype: number
  readonly zones: readonly string[]
  /** Regular expressions. If there are none, every name matches. */
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
