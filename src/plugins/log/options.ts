// `log [NAMES…] [FORMAT] { class CLASS… }`, any number of times.

import type { ResponseClass } from '../../chain/answer/classify.ts'
import { argumentsOf, list } from '../../corefile/options/option-rows.ts'
import { eachOccurrence, type OptionTable } from '../../corefile/options/option-table.ts'
import { oneOf } from '../../corefile/options/values.ts'
import { COMMON_FORMAT } from './common-format.ts'

const COMBINED_FORMAT = `${COMMON_FORMAT} "{>opcode}"`

export interface LogRule {
  /** Lower case with trailing dot. */
  readonly scope: string
  readonly format: string
  /** Undefined: all. */
  readonly classes: readonly ResponseClass[] | undefined
}

export interface LogOptions {
  /** The first rule whose scope contains the qname decides. */
  readonly rules: readonly LogRule[]
}

const expandNamedFormats = (format: string): string =>
  format.replaceAll('{common}', () => COMMON_FORMAT).replaceAll('{combined}', () => COMBINED_FORMAT)

/** Names are used as written, not as zones: no CIDR, no scheme, no port. */
const fullyQualified = (name: string): string =>
  (name.endsWith('.') ? name : `${name}.`).toLowerCase()

const table: OptionTable<LogRule[][]> = eachOccurrence(
  {
    rows: {
      /** A single argument is a name, even if it looks like a format. */
      scopes: argumentsOf('NAMES', '[NAMES...]', {
        otherwise: 'all names',
        does: 'names whose queries are logged, with all below them',
        start: () => ['.'],
        read(left, before) {
          const hasFormat = left.length > 1 && left.at(-1)?.text.includes('{')
          const names = left.splice(0, hasFormat ? left.length - 1 : left.length)
          return names.length === 0 ? before : names.map(({ text }) => fullyQualified(text))
        },
      }),
      format: argumentsOf('FORMAT', '[FORMAT]', {
        otherwise: '{common}',
        does: 'the line for a query, with placeholders; a name must stand before it',
        start: () => COMMON_FORMAT,
        read(left, before) {
          const last = left.shift()
          return last === undefined ? before : expandNamedFormats(last.text)
        },
      }),
      classes: list(
        'class',
        oneOf(['all', 'success', 'denial', 'error'], word =>
          word.plainErr(`invalid Class: ${word.text}`),
        ),
        { otherwise: 'all', does: 'kinds of answers whose queries are logged' },
      ),
    },
  },
  ({ scopes, format, classes }) => {
    const chosen = new Set(classes)
    const kinds = [...chosen].filter((kind): kind is ResponseClass => kind !== 'all')
    const isAll = kinds.length === 0 || kinds.length < chosen.size
    return scopes.map(scope => ({ scope, format, classes: isAll ? undefined : kinds }))
  },
)

export const options: OptionTable<LogOptions> = {
  facts: table.facts,
  parse: directive => ({ rules: table.parse(directive).flat() }),
}
