// Command lines as Go's flag package reads them (`-x v`, `-x=v`, `--x`; booleans need `=` to be
// false; the last one wins), rewritten to the `--name=value` that commander reads. It knows nothing
// of any flag's meaning.

import { nearest } from '../corefile/diagnostics/nearest.ts'

export interface GoFlag {
  /**
   * The name that the flag has in the rewritten command line, without dashes. Several names may
   * lead to one.
   */
  readonly name: string
  readonly isBoolean: boolean
  /** Each of its values counts, not only the last. */
  readonly isRepeatable?: boolean
}

/** A command line that Go's flag package refuses; the message is Go's, a hint below it ours. */
export class GoFlagError extends Error {}

const unknownFlag = (name: string, known: Iterable<string>): GoFlagError => {
  const meant = nearest(name, [...known])
  const hint = meant === undefined ? '' : `\ndid you mean '-${meant}'?`
  return new GoFlagError(`flag provided but not defined: -${name}${hint}`)
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

export interface GoArguments {
  /**
   * `--name=value` for each flag given, `--name` for a boolean that is true; each name at most
   * once, unless it may be repeated.
   */
  readonly flags: string[]
  /** All from the first argument on that is no flag. */
  readonly rest: string[]
}

interface Split {
  readonly name: string
  readonly value: string | undefined
}

/** undefined where flags end. */
const splitFlag = (argument: string): Split | undefined => {
  if (argument.length < 2 || !argument.startsWith('-')) return undefined
  const body = argument.slice(argument.startsWith('--') ? 2 : 1)
  if (body.startsWith('-') || body.startsWith('='))
    throw new GoFlagError(`bad flag syntax: ${argument}`)
  const equals = body.indexOf('=')
  return equals < 0
    ? { name: body, value: undefined }
    : { name: body.slice(0, equals), value: body.slice(equals + 1) }
}

/** What a boolean flag is set to; it is true without a value. Throws GoFlagError. */
export const booleanValue = ({ name, value }: Split): boolean => {
  if (value === undefined || TRUE.has(value)) return true
  if (FALSE.has(value)) return false
  throw new GoFlagError(`invalid boolean value ${JSON.stringify(value)} for -${name}: parse error`)
}

/**
 * Throws GoFlagError for a flag that is not among `known`, that lacks its value, or whose boolean
 * value is none.
 */
export const readGoFlags = (
  argv: readonly string[],
  known: ReadonlyMap<string, GoFlag>,
): GoArguments => {
  const values = new Map<string, string | boolean>()
  const repeated: string[] = []
  let index = 0
  for (; index < argv.length; index++) {
    const argument = argv[index] ?? ''
    if (argument === '--') {
      index++
      break
    }
    const split = splitFlag(argument)
    if (split === undefined) break
    const flag = known.get(split.name)
    if (flag === undefined) throw unknownFlag(split.name, known.keys())
    let value: string | boolean | undefined
    if (flag.isBoolean) value = booleanValue(split)
    else value = split.value ?? argv[++index]
    if (value === undefined) throw new GoFlagError(`flag needs an argument: -${split.name}`)
    if (flag.isRepeatable) repeated.push(`--${flag.name}=${value}`)
    else values.set(flag.name, value)
  }
  const flags = repeated
  for (const [name, value] of values) {
    if (value === true) flags.push(`--${name}`)
    else if (value !== false) flags.push(`--${name}=${value}`)
  }
  return { flags, rest: argv.slice(index) }
}
