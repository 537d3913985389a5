// Numbers: as they are written in an expression, as int() and float() read them, and as Go prints
// them. Integers are bigints, of 64 bits; floats are numbers.

import { ExpressionError } from './expression-error.ts'

const INT_BITS = 64

/** What is left of it in 64 bits, as Go's arithmetic wraps. */
export const toInt64 = (value: bigint): bigint => BigInt.asIntN(INT_BITS, value)

const fits = (value: bigint): boolean => toInt64(value) === value

/** `offset` is what stands behind it, as in CoreDNS's errors. */
export const parseNumber = (written: string, offset: number): bigint | number => {
  const text = written.replaceAll('_', '')
  const isInteger = /^(0[xXoObB]|\d+$)/.test(text)
  const fail = (what: string): never => {
    const kind = isInteger ? integerKind(text) : 'float'
    throw new ExpressionError(`invalid ${kind} literal: parsing "${text}": ${what}`, offset)
  }
  if (!isInteger) {
    const value = parseFloatText(text)
    return value === undefined || !Number.isFinite(value) ? fail('value out of range') : value
  }
  if (/^0[xXoObB]$/.test(text)) return fail('invalid syntax')
  const value = BigInt(/^\d+$/.test(text) ? text : text.toLowerCase())
  return fits(value) ? value : fail('value out of range')
}

const integerKind = (text: string): string => {
  switch (text.slice(0, 2).toLowerCase()) {
    case '0x':
      return 'hex'
    case '0b':
      return 'binary'
    case '0o':
      return 'octal'
    default:
      return 'integer'
  }
}

/** Decimal digits with a sign; undefined if it is anything else, or too large. */
export const parseIntText = (text: string): bigint | undefined => {
  if (!/^[+-]?\d{1,40}$/.test(text)) return undefined
  const value = BigInt(text.replace('+', ''))
  return fits(value) ? value : undefined
}

export const parseFloatText = (text: string): number | undefined => {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text)
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  return /^nan$/i.test(text) ? Number.NaN : undefined
}

/** As Go's %v: with an exponent, of two digits at least, from a million on and below 0.0001. */
export const floatToText = (value: number): string => {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const size = Math.abs(value)
  if (size >= 1e-4 && size < 1e6) return String(value)
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}
