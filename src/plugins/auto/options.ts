// The Corefile syntax of auto.

import { compileRegexp, isPatternTooLong } from '../../base/text/regexp.ts'
import type { Directive } from '../../corefile/options/directive.ts'
import { option, withoutEffect, words, zonesArgument } from '../../corefile/options/option-rows.ts'
import { type OptionTable, optionTable } from '../../corefile/options/option-table.ts'
import { type Argument, duration } from '../../corefile/options/values.ts'

/** Which files are zones, and of which origin. */
export interface Naming {
  /** RE2 syntax; matched against any part of a file's name. */
  readonly pattern: string
  /** `{N}` and `{NAME}` stand for what the groups have taken. */
  readonly template: string
}

export interface AutoOptions {
  readonly zones: readonly string[]
  /** `directory` as written: below *root* if it is relative. */
  readonly source: Source
  /** How often the folder is looked at; 0 for once. */
  readonly reloadMs: number
}

interface Source extends Naming {
  readonly directory: string
}

const DEFAULT_NAMING: Naming = { pattern: String.raw`db\.(.*)`, template: '{1}' }

const readPattern = (word: Argument): string => {
  if (isPatternTooLong(word.text)) throw word.plainErr('regexp too large')
  let groups: number
  try {
    ;({ groups } = compileRegexp(word.text))
  } catch (error) {
    throw word.plainErr(error instanceof Error ? error.message : String(error))
  }
  if (groups === 0) throw word.err('Need at least one sub expression')
  return word.text
}

const readSource = (given: readonly Argument[], directive: Directive): Source => {
  const [folder, pattern, template, ...more] = given
  if (folder === undefined) throw directive.argErr()
  const naming = pattern && { pattern: readPattern(pattern), template: template?.text ?? '' }
  if ((pattern !== undefined && template === undefined) || more.length > 0) throw directive.argErr()
  return { directory: folder.text, ...(naming ?? DEFAULT_NAMING) }
}

export const options: OptionTable<AutoOptions> = optionTable('last', {
  rows: {
    zones: zonesArgument('zones whose names are answered'),
    source: words('directory', 'DIR [REGEXP ORIGIN_TEMPLATE]', {
      does: 'where the zone files are, folders in it included; which of them, and of which origin',
      otherwise: String.raw`db\.(.*) {1}`,
      start: (): Source => ({ directory: '', ...DEFAULT_NAMING }),
      read: (given, _, directive) => readSource(given, directive),
    }),
    reloadMs: option(
      'reload',
      duration({
        least: 0,
        // CoreDNS speaks of file here.
        wrong: (word, why) => word.plainErr(`plugin/file: ${why}`),
        outside: (_, word) => word.plainErr('plugin/file: invalid duration'),
      }),
      {
        default: '60s',
        does: 'time between two looks at the folder and its files, 0 for one look',
        surplus: 'ignored',
        wrongCount: directive => directive.plainErr('reload duration value is expected'),
      },
    ),
  },
  others: [
    withoutEffect('upstream', '[ADDRESS...]', {
      support: 'retired',
      does: 'retired in CoreDNS 1.7: remove it',
      meet(_, directive) {
        if (directive.warnings.some(({ code }) => code === 'retired')) return
        directive.warn("option 'upstream' has no effect: remove it", 'retired')
      },
    }),
  ],
})
