// The functions of templates: those of Go's text/template, and parseInt, which CoreDNS adds.

import { goQuote } from '../../../corefile/words/strconv.ts'
import { type Budget, TemplateError } from './limits.ts'
import { Printer } from './printing.ts'
import { compareText, Dict, Int, isTrue, List, Struct, typeName, type Value } from './values.ts'

/**
 * The kind of a parameter. In a variadic function the last kind holds for all further arguments.
 */
export type Parameter = 'any' | 'string' | 'int'

export interface Fn {
  readonly parameters: readonly Parameter[]
  readonly isVariadic?: true
  /** Its operands are evaluated one by one, since `and` and `or` stop early. */
  readonly isLazy?: true
  readonly call: (args: readonly Value[], budget: Budget) => Value
}

const fail = (text: string): never => {
  throw new TemplateError(text)
}

const isNil = (value: Value): value is undefined | null => value === undefined || value === null

const nameOf = (value: Value): string => (isNil(value) ? 'nil' : typeName(value))

/** The text of fmt.Sprint. A single string is taken as it is. */
const textOf = (args: readonly Value[], budget: Budget): string =>
  args.length === 1 && typeof args[0] === 'string' ? args[0] : new Printer(budget).print(args)

// Escaping.

const HTML: Readonly<Record<string, string>> = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\ufffd',
}

const JS: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
}

/** Escapes a character that is not printable, as JavaScript source. */
const jsEscape = (char: string): string =>
  JS[char] ?? `\\u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`

const queryEscape = (text: string): string =>
  [...Buffer.from(text)]
    .map(byte => {
      const char = String.fromCharCode(byte)
      if (/[\w\-.~]/.test(char)) return char
      return char === ' ' ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')

/** The longest escape of one character. */
const MOST_ESCAPED = 10

const escaping = (escaped: (text: string) => string): Fn => ({
  parameters: ['any'],
  isVariadic: true,
  call(args, budget) {
    const text = textOf(args, budget)
    budget.text(text.length * MOST_ESCAPED)
    return escaped(text)
  },
})

// Comparison.

type Kind = 'bool' | 'float' | 'int' | 'string' | 'other'

const kindOf = (value: Value): Kind => {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return 'float'
  return value instanceof Int ? 'int' : 'other'
}

const incompatible = (a: Value, b: Value): TemplateError =>
  new TemplateError(`incompatible types for comparison: ${nameOf(a)} and ${nameOf(b)}`)

const areEqual = (a: Value, b: Value): boolean => {
  if (kindOf(a) !== kindOf(b)) {
    if (isNil(a) || isNil(b)) return false
    throw incompatible(a, b)
  }
  if (a instanceof Int && b instanceof Int) return a.value === b.value
  if (kindOf(a) !== 'other') return a === b
  if (isNil(a) || isNil(b)) return isNil(a) && isNil(b)
  if (a instanceof Struct) return a === b
  throw new TemplateError(`non-comparable type ${typeName(a)}`)
}

const isLess = (a: Value, b: Value): boolean => {
  const kind = kindOf(a)
  if (kind === 'other' || kindOf(b) === 'other') fail('invalid type for comparison')
  if (kind !== kindOf(b)) throw incompatible(a, b)
  if (a instanceof Int && b instanceof Int) return a.value < b.value
  if (typeof a === 'number' && typeof b === 'number') return a < b
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b) < 0
  return fail('invalid type for comparison')
}

const comparing = (compare: (a: Value, b: Value) => boolean): Fn => ({
  parameters: ['any', 'any'],
  call: ([a, b]) => compare(a, b),
})

const eq: Fn = {
  parameters: ['any', 'any'],
  isVariadic: true,
  call([first, ...others]) {
    if (others.length === 0) fail('missing argument for comparison')
    return others.some(other => areEqual(first, other))
  },
}

// Parts of values.

const lengthOf = (value: Value): number => {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (value instanceof List) return value.items.length
  if (value instanceof Dict) return value.entries.size
  return fail(isNil(value) ? 'len of nil pointer' : `len of type ${typeName(value)}`)
}

const position = (index: Value, most: number): number => {
  if (!(index instanceof Int))
    return fail(
      isNil(index)
        ? 'cannot index slice/array with nil'
        : `cannot index slice/array with type ${typeName(index)}`,
    )
  if (index.value < 0n || index.value > BigInt(most)) fail(`index out of range: ${index.value}`)
  return Number(index.value)
}

const indexed = (value: Value, index: Value): Value => {
  if (isNil(value)) return fail('index of untyped nil')
  if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    return new Int(bytes[position(index, bytes.length - 1)]!, 'uint8')
  }
  if (value instanceof List) return value.items[position(index, value.items.length - 1)]
  if (!(value instanceof Dict)) return fail(`can't index item of type ${typeName(value)}`)
  if (typeof index !== 'string') return fail(`value has type ${nameOf(index)}; should be string`)
  return value.entries.has(index) ? value.entries.get(index) : value.zero
}

const sliced = ([value, ...indexes]: readonly Value[]): Value => {
  if (isNil(value)) return fail('slice of untyped nil')
  if (indexes.length > 3) fail(`too many slice indexes: ${indexes.length}`)
  const isText = typeof value === 'string'
  if (!isText && !(value instanceof List))
    return fail(`can't slice item of type ${typeName(value)}`)
  if (isText && indexes.length === 3) fail('cannot 3-index slice a string')
  const most = lengthOf(value)
  const [from = 0, to = most, capacity = most] = indexes.map(index => position(index, most))
  if (from > to) fail(`invalid slice index: ${from} > ${to}`)
  if (to > capacity) fail(`invalid slice index: ${to} > ${capacity}`)
  if (!isText) return new List(value.items.slice(from, to), value.type)
  return most === value.length
    ? value.slice(from, to)
    : Buffer.from(value).toString('utf8', from, to)
}

// Numbers.

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'
const PREFIXES: Readonly<Record<string, number>> = { '0b': 2, '0o': 8, '0x': 16 }
const LONGEST_NUMBER = 256

/** For base 0: the base that the prefix of a Go literal gives, and the digits after the prefix. */
const withoutPrefix = (text: string): { base: number; digits: string } => {
  const base = PREFIXES[text.slice(0, 2).toLowerCase()]
  if (base !== undefined) return { base, digits: text.slice(2).replace(/^_/, '') }
  return /^0./.test(text)
    ? { base: 8, digits: text.slice(1).replace(/^_/, '') }
    : { base: 10, digits: text }
}

/** strconv.ParseUint. */
const parseUint = (text: string, base: number, bits: number): Int => {
  const wrong = (why: string): never =>
    fail(`strconv.ParseUint: parsing ${goQuote(text.slice(0, LONGEST_NUMBER))}: ${why}`)
  if (text === '') wrong('invalid syntax')
  if (base !== 0 && (base < 2 || base > 36)) wrong(`invalid base ${base}`)
  if (bits < 0 || bits > 64) wrong(`invalid bit size ${bits}`)
  const shown = base === 0 ? withoutPrefix(text) : { base, digits: text }
  const plain = base === 0 ? shown.digits.replaceAll(/(?<=[^_])_(?=[^_])/g, '') : shown.digits
  if (plain === '') wrong('invalid syntax')
  let value = 0n
  const most = 2n ** BigInt(bits === 0 ? 64 : bits) - 1n
  for (const char of plain.toLowerCase()) {
    const digit = DIGITS.indexOf(char)
    if (digit < 0 || digit >= shown.base) wrong('invalid syntax')
    if (value <= most) value = value * BigInt(shown.base) + BigInt(digit)
  }
  if (value > most) wrong('value out of range')
  return new Int(value, 'uint64')
}

const printing = (print: (printer: Printer, args: readonly Value[]) => string): Fn => ({
  parameters: ['any'],
  isVariadic: true,
  call: (args, budget) => print(new Printer(budget), args),
})

export const FUNCTIONS: ReadonlyMap<string, Fn> = new Map<string, Fn>([
  [
    'and',
    { parameters: ['any', 'any'], isVariadic: true, isLazy: true, call: args => args.at(-1) },
  ],
  ['or', { parameters: ['any', 'any'], isVariadic: true, isLazy: true, call: args => args.at(-1) }],
  ['not', { parameters: ['any'], call: ([value]) => !isTrue(value) }],
  [
    'call',
    {
      parameters: ['any', 'any'],
      isVariadic: true,
      call: ([value]) =>
        fail(isNil(value) ? 'call of nil' : `non-function of type ${typeName(value)}`),
    },
  ],
  ['html', escaping(text => text.replace(/["'&<>\0]/g, char => HTML[char] ?? char))],
  ['js', escaping(text => text.replace(/["'&<>=\\\p{C}\p{Zl}\p{Zp}]|[^\P{Zs} ]/gu, jsEscape))],
  ['urlquery', escaping(queryEscape)],
  [
    'index',
    {
      parameters: ['any', 'any'],
      isVariadic: true,
      call: ([value, ...indexes]) => indexes.reduce(indexed, value),
    },
  ],
  ['slice', { parameters: ['any', 'any'], isVariadic: true, call: sliced }],
  ['len', { parameters: ['any'], call: ([value]) => new Int(lengthOf(value)) }],
  ['print', printing((printer, args) => printer.print(args))],
  ['println', printing((printer, args) => printer.println(args))],
  [
    'printf',
    {
      parameters: ['string', 'any'],
      isVariadic: true,
      call: ([format, ...args], budget) => new Printer(budget).printf(format as string, args),
    },
  ],
  ['eq', eq],
  ['ne', comparing((a, b) => !areEqual(a, b))],
  ['lt', comparing(isLess)],
  ['le', comparing((a, b) => isLess(a, b) || areEqual(a, b))],
  ['gt', comparing((a, b) => !isLess(a, b) && !areEqual(a, b))],
  ['ge', comparing((a, b) => !isLess(a, b))],
  [
    'parseInt',
    {
      parameters: ['string', 'int', 'int'],
      call: ([text, base, bits]) =>
        parseUint(text as string, Number((base as Int).value), Number((bits as Int).value)),
    },
  ],
])
