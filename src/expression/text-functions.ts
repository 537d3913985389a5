// Builtins on strings: Go's `strings` package. Places are counted in bytes, lengths in characters.

import type { Budget } from './budget.ts'
import { type Builtin, oneOf } from './builtin.ts'
import type { TextFunction } from './builtin-names.ts'
import { jsonToValue, valueToJson } from './json.ts'
import { ARRAY, BOOL, INT, STRING, STRINGS, type Type, UNKNOWN } from './types.ts'
import { asInt, asText, isArray, isAscii, type Value, valueToText } from './value.ts'

const SPACE =
  '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]'
const LEADING_SPACE = new RegExp(`^${SPACE}+`)
const SPACE_CHARACTER = new RegExp(SPACE)

const trimSpace = (text: string): string => {
  let end = text.length
  while (end > 0 && SPACE_CHARACTER.test(text[end - 1] ?? '')) end--
  return text.slice(0, end).replace(LEADING_SPACE, '')
}

const trim = (text: string, cutset: string): string => {
  const cut = new Set(cutset)
  const characters = [...text]
  let start = 0
  let end = characters.length
  while (start < end && cut.has(characters[start] ?? '')) start++
  while (end > start && cut.has(characters[end - 1] ?? '')) end--
  return characters.slice(start, end).join('')
}

/** Character by character: where JavaScript makes two of one (ß), Go leaves it. */
const eachCase = (text: string, change: (character: string) => string): string => {
  if (isAscii(text)) return change(text)
  return [...text]
    .map(character => {
      const changed = change(character)
      return [...changed].length === 1 ? changed : character
    })
    .join('')
}

/** At most `most` parts, the last of which has the rest; negative: all. `keeps` the separator. */
const split = (
  text: string,
  separator: string,
  most: bigint,
  keeps: boolean,
  budget: Budget,
): string[] => {
  budget.grow(text.length)
  if (most === 0n) return []
  const limit = most < 0n || most > BigInt(text.length + 1) ? text.length + 1 : Number(most)
  if (separator === '') {
    const characters = [...text]
    budget.spend(characters.length)
    if (characters.length <= limit) return characters
    return [...characters.slice(0, limit - 1), characters.slice(limit - 1).join('')]
  }
  const parts: string[] = []
  let start = 0
  while (parts.length < limit - 1) {
    const at = text.indexOf(separator, start)
    if (at < 0) break
    parts.push(text.slice(start, keeps ? at + separator.length : at))
    start = at + separator.length
  }
  budget.spend(parts.length + 1)
  return [...parts, text.slice(start)]
}

const replace = (text: string, old: string, by: string, most: bigint, budget: Budget): string => {
  const parts = old === '' ? ['', ...text, ''] : text.split(old)
  const places = parts.length - 1
  const count = most < 0n || most > BigInt(places) ? places : Number(most)
  budget.spend(parts.length)
  budget.grow(text.length + count * by.length)
  const changed = parts.slice(0, count + 1).join(by)
  return [changed, ...parts.slice(count + 1)].join(old)
}

const join = (value: Value, glue: string, budget: Budget): string => {
  if (!isArray(value)) throw new TypeError('invalid argument for join')
  const parts = value.map(asText)
  budget.grow(parts.reduce((sum, part) => sum + part.length + glue.length, 0))
  return parts.join(glue)
}

const MOST_REPEATED = 1_000_000n

const repeat = (text: string, times: bigint, budget: Budget): string => {
  if (times < 0n)
    throw new RangeError(`invalid argument for repeat (expected positive integer, got ${times})`)
  if (times > MOST_REPEATED) throw new RangeError('memory budget exceeded')
  budget.grow(text.length * Number(times))
  return text.repeat(Number(times))
}

const byteIndex = (text: string, index: number): bigint =>
  BigInt(index < 0 ? index : Buffer.byteLength(text.slice(0, index)))

const fromBase64 = (text: string): string => {
  const compact = text.replaceAll(/[\r\n]/g, '')
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact))
    throw new TypeError('illegal base64 data')
  return Buffer.from(compact, 'base64').toString()
}

/** Of one string and what may come behind it; without `second` it is `otherwise`. */
const affix = (otherwise: string, cut: (text: string, part: string) => string): Builtin => ({
  check: oneOf({ takes: [STRING, STRING], gives: STRING }, { takes: [STRING], gives: STRING }),
  run: ([text = null, part = otherwise], budget) => budget.make(cut(asText(text), asText(part))),
})

const mapped = (change: (text: string) => string): Builtin => ({
  check: oneOf({ takes: [STRING], gives: STRING }),
  run: ([text = null], budget) => budget.make(change(asText(text))),
})

const splitting = (keeps: boolean): Builtin => ({
  check: oneOf(
    { takes: [STRING, STRING], gives: STRINGS },
    { takes: [STRING, STRING, INT], gives: STRINGS },
  ),
  run: ([text = null, separator = null, most = -1n], budget) =>
    split(asText(text), asText(separator), asInt(most), keeps, budget),
})

const searching = (gives: Type, search: (text: string, part: string) => Value): Builtin => ({
  check: oneOf({ takes: [STRING, STRING], gives }),
  run: ([text = null, part = null]) => search(asText(text), asText(part)),
})

export const TEXT_BUILTINS: Readonly<Record<TextFunction, Builtin>> = {
  string: {
    check: oneOf({ takes: [UNKNOWN], gives: STRING }),
    run: ([value = null], budget) => valueToText(value, budget),
  },
  trim: {
    check: oneOf({ takes: [STRING], gives: STRING }, { takes: [STRING, STRING], gives: STRING }),
    run: ([text = null, cutset], budget) =>
      budget.make(
        cutset === undefined ? trimSpace(asText(text)) : trim(asText(text), asText(cutset)),
      ),
  },
  trimPrefix: affix(' ', (text, part) => (text.startsWith(part) ? text.slice(part.length) : text)),
  trimSuffix: affix(' ', (text, part) =>
    text.endsWith(part) ? text.slice(0, text.length - part.length) : text,
  ),
  upper: mapped(text => eachCase(text, part => part.toUpperCase())),
  lower: mapped(text => eachCase(text, part => part.toLowerCase())),
  split: splitting(false),
  splitAfter: splitting(true),
  replace: {
    check: oneOf(
      { takes: [STRING, STRING, STRING, INT], gives: STRING },
      { takes: [STRING, STRING, STRING], gives: STRING },
    ),
    run: ([text = null, old = null, by = null, most = -1n], budget) =>
      replace(asText(text), asText(old), asText(by), asInt(most), budget),
  },
  repeat: {
    check: oneOf({ takes: [STRING, INT], gives: STRING }),
    run: ([text = null, times = null], budget) => repeat(asText(text), asInt(times), budget),
  },
  join: {
    check: oneOf(
      { takes: [STRINGS, STRING], gives: STRING },
      { takes: [ARRAY, STRING], gives: STRING },
      { takes: [ARRAY], gives: STRING },
      { takes: [STRINGS], gives: STRING },
    ),
    run: ([value = null, glue = ''], budget) => join(value, asText(glue), budget),
  },
  indexOf: searching(INT, (text, part) => byteIndex(text, text.indexOf(part))),
  lastIndexOf: searching(INT, (text, part) => byteIndex(text, text.lastIndexOf(part))),
  hasPrefix: searching(BOOL, (text, part) => text.startsWith(part)),
  hasSuffix: searching(BOOL, (text, part) => text.endsWith(part)),
  toJSON: {
    check: oneOf({ takes: [UNKNOWN], gives: STRING }),
    run: ([value = null], budget) => valueToJson(value, budget),
  },
  fromJSON: {
    check: oneOf({ takes: [STRING], gives: UNKNOWN }),
    run: ([text = null], budget) => {
      budget.spend(asText(text).length)
      return jsonToValue(asText(text))
    },
  },
  toBase64: mapped(text => Buffer.from(text).toString('base64')),
  fromBase64: mapped(fromBase64),
}
