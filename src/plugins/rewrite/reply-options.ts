// The rules for replies: `ttl`, `rcode` and `cname`.

import type { Argument } from '../../corefile/options/values.ts'
import { parseGoUint } from '../../corefile/words/strconv.ts'
import { rcodeFromText } from '../../wire/rcodes.ts'
import { howOf, normalName, readNameMatch, readPattern } from './match-options.ts'
import type { CnameRule, NameMatch, RcodeRule, TtlRule } from './rule.ts'

/** The upper bound if the rule has none: the largest TTL (RFC 2181 section 8). */
const MOST_TTL_SECONDS = 2 ** 31 - 1
const MOST_RCODE = 23

const wrongCount = (field: Argument, words: readonly Argument[], least: number) => {
  const few = words.length < least ? 'too few' : 'too many'
  return field.plainErr(`${few} (${words.length}) arguments for a ${field.text.toLowerCase()} rule`)
}

/** `ttl [MATCH] NAME SECONDS|MIN-MAX|MIN-|-MAX`. */
export const readTtlRule = (field: Argument, words: readonly Argument[]): TtlRule => {
  const [how, name, seconds] = words.length === 2 ? [undefined, ...words] : words
  if (name === undefined || seconds === undefined || words.length > 3)
    throw wrongCount(field, words, 2)
  const range = readRange(seconds.text)
  if (range === undefined) throw seconds.plainErr(`invalid TTL '${seconds.text}' for a ttl rule`)
  return { kind: 'ttl', match: readNameMatch('ttl', how, name), ...range }
}

const readRange = (text: string): Pick<TtlRule, 'least' | 'most'> | undefined => {
  const parts = text.split('-')
  const [first = '', second = ''] = parts
  if (text === '-' || parts.length > 2) return undefined
  const least = first === '' && parts.length === 2 ? 0 : parseGoUint(first, 32)
  const open = second === '' ? MOST_TTL_SECONDS : parseGoUint(second, 32)
  const most = parts.length === 1 ? least : open
  return least === undefined || most === undefined || least > most ? undefined : { least, most }
}

/** `rcode [MATCH] NAME FROM TO`. */
export const readRcodeRule = (field: Argument, words: readonly Argument[]): RcodeRule => {
  const [how, name, from, to] = words.length === 3 ? [undefined, ...words] : words
  if (name === undefined || from === undefined || to === undefined || words.length > 4)
    throw wrongCount(field, words, 3)
  const before = readRcode(from, 'matching')
  const after = readRcode(to, 'replacement')
  return { kind: 'rcode', match: readNameMatch('rcode', how, name), from: before, to: after }
}

const readRcode = (word: Argument, part: string): number => {
  const { text } = word
  const rcode = parseGoUint(text, 8) ?? rcodeFromText(text)
  if (rcode === undefined || rcode > MOST_RCODE)
    throw word.plainErr(`invalid ${part} RCODE '${text}' for a rcode rule`)
  return rcode
}

/** `cname [MATCH] FROM TO`. */
export const readCnameRule = (field: Argument, words: readonly Argument[]): CnameRule => {
  const [how, from, to] = words.length === 2 ? [undefined, ...words] : words
  if (from === undefined || to === undefined || words.length > 3) throw wrongCount(field, words, 2)
  const known = how === undefined ? 'exact' : howOf(how)
  if (known === undefined)
    throw (how ?? from).plainErr(`unknown cname rewrite type: ${how?.text.toLowerCase()}`)
  const isExact = known === 'exact'
  return {
    kind: 'cname',
    match: readTarget(known, from),
    to: isExact ? normalName(to.text) : to.text.toLowerCase(),
  }
}

const readTarget = (how: NameMatch['how'], from: Argument): NameMatch => {
  if (how === 'exact') return { how, text: normalName(from.text) }
  if (how !== 'regex') return { how, text: from.text.toLowerCase() }
  const text = lowerPattern(from.text)
  readPattern(from.withText(text))
  return { how, text }
}

/** The pattern in lower case, except letters that belong to its syntax. */
const lowerPattern = (pattern: string): string =>
  pattern.replaceAll(/\\[pP]\{[^}]*\}|\\.|\(\?P?<[^>]*>|[A-Z]+/gs, part =>
    part.startsWith('\\') || part.startsWith('(') ? part : part.toLowerCase(),
  )
