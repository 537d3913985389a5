// How Go's fmt prints the values of a template: Sprint, Sprintln and Sprintf.

import { goQuote } from '../../../corefile/words/strconv.ts'
import { floatText } from './float-text.ts'
import { type Budget, TemplateError } from './limits.ts'
import { Dict, Int, isAscii, List, Struct, typeName, type Value } from './values.ts'

/** Go's fmt takes no larger width and no larger precision. */
const LARGEST_NUMBER = 1_000_000
const UTF8 = new TextEncoder()

/** The flags, width and precision between `%` and the verb. */
interface Flags {
  minus: boolean
  plus: boolean
  sharp: boolean
  space: boolean
  zero: boolean
  width: number | undefined
  precision: number | undefined
}

const noFlags = (): Flags => ({
  minus: false,
  plus: false,
  sharp: false,
  space: false,
  zero: false,
  width: undefined,
  precision: undefined,
})

const PLAIN = noFlags()

const runesOf = (text: string): number => (isAscii(text) ? text.length : [...text].length)

/** Prints values for one rendering. */
export class Printer {
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** fmt.Sprint: puts a blank between two values if neither is a string. */
  print(values: readonly Value[]): string {
    let text = ''
    for (const [index, value] of values.entries()) {
      const isApart =
        index > 0 && typeof value !== 'string' && typeof values[index - 1] !== 'string'
      text += (isApart ? ' ' : '') + this.#value(value, 'v', PLAIN)
    }
    this.#budget.text(text.length)
    return text
  }

  /** fmt.Sprintln. */
  println(values: readonly Value[]): string {
    const text = `${values.map(value => this.#value(value, 'v', PLAIN)).join(' ')}\n`
    this.#budget.text(text.length)
    return text
  }

  /** fmt.Sprintf. */
  printf(format: string, values: readonly Value[]): string {
    const text = new Formatter(format, values, (value, verb, flags) =>
      this.#value(value, verb, flags),
    ).text
    this.#budget.text(text.length)
    return text
  }

  #value(value: Value, verb: string, given: Flags): string {
    // In `%+v` the plus asks for more of a structure, not for a sign.
    const flags = verb === 'v' && given.plus ? { ...given, plus: false } : given
    if (verb === 'T')
      return this.#pad(value === undefined || value === null ? '<nil>' : typeName(value), flags)
    if (value === undefined || value === null)
      return verb === 'v' ? this.#pad('<nil>', flags) : `%!${verb}(<nil>)`
    switch (typeof value) {
      case 'boolean':
        return 'tv'.includes(verb) ? this.#pad(String(value), flags) : this.#bad(value, verb, flags)
      case 'string':
        return this.#string(value, verb, flags) ?? this.#bad(value, verb, flags)
      case 'number':
        return this.#float(value, verb, flags) ?? this.#bad(value, verb, flags)
    }
    if (value instanceof Int) return this.#int(value, verb, flags) ?? this.#bad(value, verb, flags)
    if (value instanceof Struct) return this.#struct(value, verb, flags)
    const parts =
      value instanceof List
        ? value.items.map(item => this.#value(item, verb, flags))
        : value
            .sorted()
            .map(
              ([key, item]) => `${this.#value(key, verb, flags)}:${this.#value(item, verb, flags)}`,
            )
    const text = `[${parts.join(' ')}]`
    this.#budget.text(text.length)
    return value instanceof Dict ? `map${text}` : text
  }

  #bad(value: Exclude<Value, null | undefined>, verb: string, flags: Flags): string {
    return `%!${verb}(${typeName(value)}=${this.#value(value, 'v', flags)})`
  }

  #struct(value: Struct, verb: string, flags: Flags): string {
    if (value.text === undefined) throw new TemplateError(`a ${value.type} cannot be printed`)
    const text = this.#string(value.text(), verb, flags)
    if (text === undefined)
      throw new TemplateError(`a ${value.type} cannot be printed with %${verb}`)
    return text
  }

  #pad(text: string, { width, minus, zero }: Flags): string {
    const missing = width === undefined ? 0 : width - runesOf(text)
    if (missing <= 0) return text
    this.#budget.text(missing)
    if (minus) return text + ' '.repeat(missing)
    return (zero ? '0' : ' ').repeat(missing) + text
  }

  #string(value: string, verb: string, flags: Flags): string | undefined {
    const { precision } = flags
    if (verb === 'x' || verb === 'X') return this.#pad(this.#hex(value, verb, flags), flags)
    const cut =
      precision === undefined
        ? value
        : isAscii(value)
          ? value.slice(0, precision)
          : [...value].slice(0, precision).join('')
    if (verb === 's' || (verb === 'v' && !flags.sharp)) return this.#pad(cut, flags)
    if (verb !== 'q' && verb !== 'v') return undefined
    this.#budget.text(cut.length)
    if (verb === 'q' && flags.sharp && canBackquote(cut)) return this.#pad(`\`${cut}\``, flags)
    const quoted = goQuote(cut)
    return this.#pad(flags.plus ? asciiOnly(quoted) : quoted, flags)
  }

  #hex(value: string, verb: string, { precision, sharp, space }: Flags): string {
    const all = UTF8.encode(value)
    const bytes = Buffer.from(precision === undefined ? all : all.subarray(0, precision))
    this.#budget.text(bytes.length * 5)
    const hex = bytes.toString('hex')
    const pairs = space ? (hex.match(/../g) ?? []) : hex === '' ? [] : [hex]
    const text = pairs.map(pair => (sharp ? `0x${pair}` : pair)).join(' ')
    return verb === 'X' ? text.toUpperCase() : text
  }

  #int({ value, type }: Int, verb: string, flags: Flags): string | undefined {
    const base = verb === 'v' && flags.sharp && type !== 'int' ? HEX_V : BASES.get(verb)
    if (base !== undefined) return this.#integer(value, base, flags)
    if (verb === 'c') return this.#pad(runeText(value), flags)
    if (verb === 'q') return this.#pad(runeQuoted(value), flags)
    if (verb !== 'U') return undefined
    const hex = value
      .toString(16)
      .toUpperCase()
      .padStart(flags.precision ?? 4, '0')
    const shown = flags.sharp ? ` '${runeText(value)}'` : ''
    return this.#pad(`U+${hex}${shown}`, { ...flags, zero: false })
  }

  #integer(value: bigint, { base, prefix, isUpper, isAlwaysMarked }: Base, flags: Flags): string {
    const { precision, width, zero, minus, plus, space, sharp } = flags
    if (precision === 0 && value === 0n) return this.#pad('', { ...flags, zero: false })
    const sign = value < 0n ? '-' : plus ? '+' : space ? ' ' : ''
    const isFilled = precision === undefined && zero && !minus && width !== undefined
    const digits = isFilled ? width - sign.length : (precision ?? 0)
    this.#budget.text(digits)
    const magnitude = (value < 0n ? -value : value).toString(base).padStart(digits, '0')
    const written = isUpper ? magnitude.toUpperCase() : magnitude
    const isMarked = isAlwaysMarked || (sharp && !(base === 8 && written.startsWith('0')))
    return this.#pad(`${sign}${isMarked ? prefix : ''}${written}`, { ...flags, zero: false })
  }

  #float(value: number, verb: string, flags: Flags): string | undefined {
    if ('bxX'.includes(verb))
      throw new TemplateError(`%${verb} of a float64 is not supported by shardns`)
    const kind = FLOAT_VERBS.get(verb)
    if (kind === undefined) return undefined
    const precision = flags.precision ?? (kind === 'g' ? -1 : 6)
    this.#budget.text(Math.max(precision, 0))
    const isNegative = value < 0 || Object.is(value, -0)
    const text = floatText(Math.abs(value), kind, precision)
    const number = verb === 'E' || verb === 'G' ? text.toUpperCase() : text
    const plus = flags.plus ? '+' : flags.space ? ' ' : ''
    const sign = isNegative ? '-' : plus
    const zero = flags.zero && Number.isFinite(value)
    if (sign === '' || !zero || flags.minus || flags.width === undefined)
      return this.#pad(sign + number, { ...flags, zero })
    return sign + this.#pad(number, { ...flags, width: flags.width - 1 })
  }
}

interface Base {
  readonly base: number
  readonly prefix: string
  readonly isUpper?: true
  readonly isAlwaysMarked?: true
}

const DECIMAL: Base = { base: 10, prefix: '' }
const HEX_V: Base = { base: 16, prefix: '0x', isAlwaysMarked: true }
const BASES: ReadonlyMap<string, Base> = new Map([
  ['v', DECIMAL],
  ['d', DECIMAL],
  ['b', { base: 2, prefix: '0b' }],
  ['o', { base: 8, prefix: '0' }],
  ['O', { base: 8, prefix: '0o', isAlwaysMarked: true }],
  ['x', { base: 16, prefix: '0x' }],
  ['X', { base: 16, prefix: '0X', isUpper: true }],
])

const FLOAT_VERBS: ReadonlyMap<string, 'e' | 'f' | 'g'> = new Map([
  ['v', 'g'],
  ['g', 'g'],
  ['G', 'g'],
  ['f', 'f'],
  ['F', 'f'],
  ['e', 'e'],
  ['E', 'e'],
])

const runeText = (value: bigint): string => {
  const isRune = value >= 0n && value <= 0x10ffffn && (value < 0xd800n || value > 0xdfffn)
  return isRune ? String.fromCodePoint(Number(value)) : '\ufffd'
}

const runeQuoted = (value: bigint): string => {
  const rune = runeText(value)
  if (rune === "'") return "'\\''"
  return rune === '"' ? `'"'` : `'${goQuote(rune).slice(1, -1)}'`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const UNPRINTABLE = /[\x00-\x08\x0a-\x1f\x7f`\ufeff]/

const canBackquote = (text: string): boolean => !UNPRINTABLE.test(text)

const asciiOnly = (quoted: string): string =>
  quoted.replace(/[^\0-\x7f]/gu, rune => {
    const code = rune.codePointAt(0) ?? 0
    return code < 0x10000
      ? `\\u${code.toString(16).padStart(4, '0')}`
      : `\\U${code.toString(16).padStart(8, '0')}`
  })

const FLAG_NAMES: Readonly<Record<string, 'minus' | 'plus' | 'sharp' | 'space' | 'zero'>> = {
  '-': 'minus',
  '+': 'plus',
  '#': 'sharp',
  ' ': 'space',
  '0': 'zero',
}

/** One call of Sprintf. */
class Formatter {
  readonly text: string
  readonly #format: string
  readonly #values: readonly Value[]
  readonly #print: (value: Value, verb: string, flags: Flags) => string
  #at = 0
  #next = 0
  #isReordered = false
  #isIndexGood = true
  #isAfterIndex = false

  constructor(
    format: string,
    values: readonly Value[],
    print: (value: Value, verb: string, flags: Flags) => string,
  ) {
    this.#format = format
    this.#values = values
    this.#print = print
    let text = ''
    for (;;) {
      const percent = format.indexOf('%', this.#at)
      text += format.slice(this.#at, percent < 0 ? undefined : percent)
      if (percent < 0) break
      this.#at = percent + 1
      text += this.#directive()
    }
    this.text = text + this.#extra()
  }

  /** Go's text for values that no verb has used. */
  #extra(): string {
    if (this.#isReordered || this.#next >= this.#values.length) return ''
    const shown = this.#values.slice(this.#next).map(value => {
      if (value === undefined || value === null) return '<nil>'
      return `${typeName(value)}=${this.#print(value, 'v', PLAIN)}`
    })
    return `%!(EXTRA ${shown.join(', ')})`
  }

  /** Reads a directive, from after the `%` to after the verb. */
  #directive(): string {
    this.#isIndexGood = true
    this.#isAfterIndex = false
    const flags = noFlags()
    for (let name = FLAG_NAMES[this.#char]; name; name = FLAG_NAMES[this.#char]) {
      flags[name] = true
      this.#at++
    }
    let said = this.#width(flags)
    if (this.#char === '.') said += this.#precision(flags)
    if (!this.#isAfterIndex) this.#index()
    const verb = this.#verb()
    if (verb === '') return `${said}%!(NOVERB)`
    if (verb === '%') return `${said}%`
    if (!this.#isIndexGood) return `${said}%!${verb}(BADINDEX)`
    if (this.#next >= this.#values.length) return `${said}%!${verb}(MISSING)`
    return said + this.#print(this.#values[this.#next++], verb, flags)
  }

  get #char(): string {
    return this.#format[this.#at] ?? ''
  }

  #verb(): string {
    const code = this.#format.codePointAt(this.#at)
    const verb = code === undefined ? '' : String.fromCodePoint(code)
    this.#at += verb.length
    return verb
  }

  #number(): number | undefined {
    const digits = /^\d+/.exec(this.#format.slice(this.#at, this.#at + 20))?.[0]
    if (digits === undefined) return undefined
    this.#at += digits.length
    const value = Number(digits)
    return value / 10 <= LARGEST_NUMBER ? value : undefined
  }

  /** Reads the width into `flags`. Returns Go's text for a wrong width. */
  #width(flags: Flags): string {
    this.#index()
    if (this.#char !== '*') {
      flags.width = this.#number()
      if (flags.width !== undefined && this.#isAfterIndex) this.#isIndexGood = false
      return ''
    }
    this.#at++
    const value = this.#star()
    this.#isAfterIndex = false
    if (value === undefined) return '%!(BADWIDTH)'
    flags.width = Math.abs(value)
    if (value < 0) {
      flags.minus = true
      flags.zero = false
    }
    return ''
  }

  #precision(flags: Flags): string {
    this.#at++
    if (this.#isAfterIndex) this.#isIndexGood = false
    this.#index()
    if (this.#char !== '*') {
      flags.precision = this.#number() ?? 0
      return ''
    }
    this.#at++
    const value = this.#star()
    this.#isAfterIndex = false
    if (value === undefined || value < 0) return '%!(BADPREC)'
    flags.precision = value
    return ''
  }

  /** The integer that a `*` stands for. */
  #star(): number | undefined {
    const value = this.#values[this.#next++]
    if (!(value instanceof Int)) return undefined
    const number = Number(value.value)
    return Math.abs(number) <= LARGEST_NUMBER ? number : undefined
  }

  /** Reads `[N]`: the number of the value that is used next, counted from 1. */
  #index(): void {
    if (this.#char !== '[') return
    this.#isReordered = true
    const end = this.#format.indexOf(']', this.#at)
    const digits = end < 0 ? '' : this.#format.slice(this.#at + 1, end)
    const index = /^\d{1,7}$/.test(digits) ? Number(digits) : 0
    this.#at = end < 0 ? this.#at + 1 : end + 1
    if (index >= 1 && index <= this.#values.length) {
      this.#next = index - 1
      this.#isAfterIndex = true
    } else this.#isIndexGood = false
  }
}
