// The common parts of rewrite's rules: names, kinds of match, and regular expressions.

import { compileRegexp, isPatternTooLong, type Pattern } from '../../base/text/regexp.ts'
import { messageOf } from '../../chain/errors.ts'
import type { CorefileError } from '../../corefile/diagnostics/diagnostic.ts'
import type { Argument } from '../../corefile/options/values.ts'
import { NAME_MATCHES, type NameMatch } from './rule.ts'

/** The name in lower case with a trailing dot, as CoreDNS has names. */
export const normalName = (text: string): string => {
  const lower = text.toLowerCase()
  if (!lower.endsWith('.')) return `${lower}.`
  let backslashes = 0
  while (lower.at(-2 - backslashes) === '\\') backslashes++
  return backslashes % 2 === 0 ? lower : `${lower}.`
}

/** The kind of match that the word names. Undefined if it names none. */
export const howOf = (word: Argument): NameMatch['how'] | undefined => {
  const how = word.text.toLowerCase()
  return NAME_MATCHES.find(known => known === how)
}

/** Reads a pattern. Throws what `wrong` makes of the reason if it is none. */
export const readPattern = (
  word: Argument,
  wrong: (text: string) => CorefileError = text =>
    word.plainErr(`invalid regex matching pattern: ${text}`),
): Pattern => {
  try {
    return compileRegexp(word.text)
  } catch (error) {
    throw isPatternTooLong(word.text) ? word.plainErr(messageOf(error)) : wrong(word.text)
  }
}

/** CoreDNS looks at placeholders up to `{100}`. */
const MOST_PLACEHOLDERS = 100

/** Throws if `to` uses more groups than the pattern has. */
export const checkGroups = (from: Argument, to: Argument, pattern: Pattern): void => {
  let used = 0
  for (let group = 0; group <= MOST_PLACEHOLDERS; group++)
    if (to.text.includes(`{${group}}`)) used++
  if (used > pattern.groups)
    throw to.plainErr(
      `the rewrite regex pattern (${to.text}) uses more subexpressions than its corresponding matching regex pattern (${from.text})`,
    )
}

/** `[exact|prefix|suffix|substring|regex] NAME` of a rule for the reply. */
export const readNameMatch = (
  kind: string,
  how: Argument | undefined,
  name: Argument,
): NameMatch => {
  const known = how === undefined ? 'exact' : howOf(how)
  if (known === undefined)
    throw (how ?? name).plainErr(
      `${kind} rule supports only exact, prefix, suffix, substring, and regex name matching`,
    )
  if (known !== 'regex') return { how: known, text: normalName(name.text) }
  readPattern(name, text => name.plainErr(`invalid regex pattern in a ${kind} rule: ${text}`))
  return { how: known, text: name.text }
}
