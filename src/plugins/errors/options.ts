// `errors [stdout] { stacktrace; consolidate DURATION REGEXP [LEVEL] [show_first] }`, once per
// server block.

import {
  compileRegexp,
  isPatternTooLong,
  PATTERN_LIMIT,
  patternLength,
} from '../../base/text/regexp.ts'
import { messageOf } from '../../chain/errors.ts'
import { argument, flag, words } from '../../corefile/options/option-rows.ts'
import { finishedTable, type OptionTable } from '../../corefile/options/option-table.ts'
import { type Argument, duration, oneOf, type Value } from '../../corefile/options/values.ts'
import type { LogLevel } from '../../log/logger.ts'

const LEVELS: readonly LogLevel[] = ['warning', 'error', 'info', 'debug']

export interface Consolidation {
  readonly periodMs: number
  /** RE2 syntax, known to compile. */
  readonly pattern: string
  readonly level: LogLevel
  readonly showFirst: boolean
}

export interface ErrorsOptions {
  readonly stacktrace: boolean
  readonly consolidations: readonly Consolidation[]
}

const period = duration({ wrong: (word, why) => word.err(why) })

const pattern: Value<string> = {
  word: 'REGEXP',
  range: '',
  read(word) {
    const { text } = word
    if (isPatternTooLong(text))
      throw word.err(`regex pattern too long: ${patternLength(text)} > ${PATTERN_LIMIT}`)
    try {
      compileRegexp(text)
    } catch (error) {
      throw word.err(messageOf(error))
    }
    return text
  },
}

const levelOrFirst = oneOf([...LEVELS, 'show_first' as const], word =>
  word.err(`unknown option in consolidate: ${word.text}`),
)

const readConsolidation = (first: Argument, second: Argument, rest: readonly Argument[]) => ({
  periodMs: period.read(first),
  pattern: pattern.read(second),
  ...readLevel(rest),
})

const readLevel = (rest: readonly Argument[]): Pick<Consolidation, 'level' | 'showFirst'> => {
  let level: LogLevel | undefined
  let showFirst = false
  for (const word of rest) {
    const read = levelOrFirst.read(word)
    if (read === 'show_first') showFirst = true
    else if (showFirst) throw word.err('log level must come before show_first in consolidate')
    else if (level !== undefined) throw word.err('multiple log levels specified in consolidate')
    else level = read
  }
  return { level: level ?? 'error', showFirst }
}

export const options: OptionTable<ErrorsOptions> = finishedTable(
  'once',
  {
    rows: {
      file: argument(
        'stdout',
        oneOf(['stdout'], word => word.err(`invalid log file: ${word.text}`)),
        { default: 'stdout', does: 'where errors are printed: there is no other place' },
      ),
      stacktrace: flag('stacktrace', {
        surplus: 'next-line',
        does: 'print the stack of a defect in a plugin',
      }),
      consolidations: words<Consolidation[]>(
        'consolidate',
        'DURATION REGEXP [warning|error|info|debug] [show_first]',
        {
          least: 2,
          most: 4,
          addsUp: true,
          does: 'print one line a DURATION for all failures whose cause matches REGEXP',
          start: () => [],
          read([first, second, ...rest], before) {
            if (first !== undefined && second !== undefined)
              before.push(readConsolidation(first, second, rest))
            return before
          },
        },
      ),
    },
    otherLine: directive => directive.syntaxErr(`Unknown field ${directive.val()}`),
  },
  ({ stacktrace, consolidations }) => ({ stacktrace, consolidations }),
)
