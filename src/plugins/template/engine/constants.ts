// Constants of a template: Go's numbers, characters and quoted text.

import { goQuote } from '../../../corefile/words/strconv.ts'
import { TemplateSyntaxError, type Token } from './tokens.ts'
import { Int, type Value } from './values.ts'

const MAX_INT = 2n ** 63n - 1n
/** A number with more digits does not fit into Go's integers. */
const MOST_DIGITS = 100

const ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
}

const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/gsu

/**
 * The text with Go's escapes resolved. Undefined if an escape is wrong. `\x` and octal escapes
 * stand for bytes.
 */
const withoutEscapes = (text: string, quote: string): string | undefined => {
  let isSound = true
  const bytes: Uint8Array[] = []
  let from = 0
  const add = (code: number, isByte: boolean): void => {
    isSound &&= isByte ? code <= 0xff : code <= 0x10ffff && (code & ~0x7ff) !== 0xd800
    if (isSound) bytes.push(isByte ? Uint8Array.of(code) : Buffer.from(String.fromCodePoint(code)))
  }
  for (const match of text.matchAll(ESCAPE)) {
    const [all, hex, short, long, octal, letter = ''] = match
    bytes.push(Buffer.from(text.slice(from, match.index)))
    from = match.index + all.length
    if (hex !== undefined) add(Number.parseInt(hex, 16), true)
    else if (octal !== undefined) add(Number.parseInt(octal, 8), true)
    else if (short !== undefined || long !== undefined)
      add(Number.parseInt(short ?? long ?? '', 16), false)
    else if (letter in ESCAPES && !(letter !== quote && /['"]/.test(letter)))
      add(ESCAPES[letter]!, false)
    else isSound = false
  }
  bytes.push(Buffer.from(text.slice(from)))
  return isSound ? Buffer.concat(bytes).toString() : undefined
}

/** The text of a string token. Throws TemplateSyntaxError. */
export const unquote = ({ text, offset }: Token): string => {
  const inner = text.slice(1, -1)
  if (text.startsWith('`')) return inner.replaceAll('\r', '')
  const read = inner.includes('\\') ? withoutEscapes(inner, '"') : inner
  if (read === undefined) throw new TemplateSyntaxError('invalid syntax', offset)
  return read
}

const charOf = ({ text, offset }: Token): Int => {
  const inner = text.slice(1, -1)
  const read = inner === "'" ? undefined : withoutEscapes(inner, "'")
  const [char, ...others] = read ?? ''
  if (char === undefined || others.length > 0)
    throw new TemplateSyntaxError(`malformed character constant: ${text}`, offset)
  return new Int(char.codePointAt(0) ?? 0)
}

const INTEGER = /^([+-]?)(0[xX][\da-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|[1-9]\d*|0)$/
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
/** An underscore between digits, or after the prefix of a base. */
const UNDERSCORES = /(?<=[\da-fA-F]|^[+-]?0[xXoObB])_(?=[\da-fA-F])/g

const integerOf = (digits: string): bigint => {
  if (digits.length > MOST_DIGITS) return MAX_INT + 1n
  const octal = /^0([0-7]+)$/.exec(digits)
  return BigInt(octal === null ? digits.toLowerCase() : `0o${octal[1]}`)
}

const numberOf = ({ text, offset }: Token): Value => {
  const illegal = () => new TemplateSyntaxError(`illegal number syntax: ${goQuote(text)}`, offset)
  if (text.endsWith('i') && !/^[+-]?0[xX]/.test(text))
    throw new TemplateSyntaxError(`complex number ${text} is not supported by shardns`, offset)
  const plain = text.replaceAll(UNDERSCORES, '')
  const integer = INTEGER.exec(plain)
  if (integer !== null) {
    const magnitude = integerOf(integer[2] ?? '')
    const value = integer[1] === '-' ? -magnitude : magnitude
    if (value > MAX_INT || value < -MAX_INT - 1n)
      throw new TemplateSyntaxError(`integer overflow: ${goQuote(text)}`, offset)
    return new Int(value)
  }
  if (/^[+-]?0[xX].*[.pP]/.test(plain))
    throw new TemplateSyntaxError(`hexadecimal float ${text} is not supported by shardns`, offset)
  const float = FLOAT.test(plain) ? Number(plain) : Number.NaN
  if (!Number.isFinite(float)) throw illegal()
  if (!/[.eE]/.test(plain))
    throw new TemplateSyntaxError(`integer overflow: ${goQuote(text)}`, offset)
  return float
}

/** The value of a token that is a constant. Throws TemplateSyntaxError. */
export const constantOf = (token: Token): Value => {
  switch (token.kind) {
    case 'bool':
      return token.text === 'true'
    case 'character constant':
      return charOf(token)
    case 'number':
      return numberOf(token)
    default:
      return unquote(token)
  }
}
