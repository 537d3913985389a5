// Options that limit what a listener takes: `max_streams`, `max_connections` and their like, as all
// plugins of CoreDNS's that have them read them. Each may be given once.

import { option, type Row } from './option-rows.ts'
import { integer, type Value } from './values.ts'

/** What is counted lies in a signed 32-bit number. */
const MOST = 0x7fffffff

interface Limit {
  /** What holds without the option. */
  readonly otherwise: number
  /** 0: no limit. */
  readonly least: 0 | 1
  readonly does: string
}

const count = (name: string, { least }: Limit): Value<number> => {
  const kind = least === 0 ? 'a non-negative integer' : 'a positive integer'
  const value = integer({
    word: 'COUNT',
    least,
    wrong: (word, why) => word.err(`invalid ${name} value '${word.text}': ${why}`),
    outside: (given, word) => word.err(`${name} must be ${kind}: ${given}`),
  })
  return { ...value, read: word => Math.min(MOST, value.read(word)) }
}

/** Undefined where the option is not given. */
export const limit = (name: string, said: Limit): Row<number | undefined> => {
  const row = option(name, count(name, said), {
    unset: undefined,
    otherwise: String(said.otherwise),
    does: said.does,
  })
  return {
    ...row,
    read(words, before, directive) {
      const given = row.read(words, undefined, directive)
      if (before === undefined) return given
      throw directive.err(`${name} already defined for this server block`)
    },
  }
}
