// `errors [stdout] { stacktrace; consolidate DURATION REGEXP [LEVEL] [show_first] }`, once per
// server block.

import { compileRegexp, isPatternTooLong, PATTERN_LIMIT, patternLength } from '../../base/regexp.ts'
import { messageOf } from '../../chain/errors.ts'
import type { Directive } from '../../corefile/directive.ts'
import { durationError, parseDuration } from '../../corefile/duration.ts'
import type { LogLevel } from '../../log/logger.ts'

const LEVELS: readonly string[] = ['warning', 'error', 'info', 'debug'] satisfies LogLevel[]

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

export function parse(directive: Directive): ErrorsOptions {
  directive.once()
  directive.next()
  const [file = 'stdout', ...others] = directive.remainingArgs()
  if (others.length > 0) throw directive.argErr()
  if (file !== 'stdout') throw directive.err(`invalid log file: ${file}`)
  let stacktrace = false
  const consolidations: Consolidation[] = []
  while (directive.nextBlock()) {
    const option = directive.val()
    if (option === 'stacktrace') stacktrace = true
    else if (option === 'consolidate') consolidations.push(parseConsolidate(directive))
    else throw directive.syntaxErr(`Unknown field ${option}`)
  }
  return { stacktrace, consolidations }
}

function parseConsolidate(directive: Directive): Consolidation {
  const [period, pattern, ...rest] = directive.remainingArgs()
  if (period === undefined || pattern === undefined || rest.length > 2) throw directive.argErr()
  const periodMs = parseDuration(period)
  if (periodMs === undefined) throw directive.err(durationError(period))
  if (isPatternTooLong(pattern))
    throw directive.err(`regex pattern too long: ${patternLength(pattern)} > ${PATTERN_LIMIT}`)
  try {
    compileRegexp(pattern)
  } catch (error) {
    throw directive.err(messageOf(error))
  }
  return { periodMs, pattern, ...parseLevel(directive, rest) }
}

function parseLevel(
  directive: Directive,
  words: readonly string[],
): { level: LogLevel; showFirst: boolean } {
  let level: LogLevel | undefined
  let showFirst = false
  for (const word of words) {
    if (word === 'show_first') {
      showFirst = true
    } else if (!isLevel(word)) {
      throw directive.err(`unknown option in consolidate: ${word}`)
    } else if (showFirst) {
      throw directive.err('log level must come before show_first in consolidate')
    } else if (level !== undefined) {
      throw directive.err('multiple log levels specified in consolidate')
    } else {
      level = word
    }
  }
  return { level: level ?? 'error', showFirst }
}

const isLevel = (word: string): word is LogLevel => LEVELS.includes(word)
