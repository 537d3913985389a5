// Go's strconv for quoted text and numbers: CoreDNS's options and error texts depend on it.

const SHORT: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
])

const escapeRune = (rune: string): string => {
  const short = SHORT.get(rune)
  if (short !== undefined) return short
  const code = rune.codePointAt(0) ?? 0
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x10000
    ? `\\u${code.toString(16).padStart(4, '0')}`
    : `\\U${code.toString(16).padStart(8, '0')}`
}

/**
 * strconv.Quote: letters, marks, numbers, punctuation, symbols and the space are kept; all other
 * characters are escaped.
 */
export const goQuote = (text: string): string =>
  `"${text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, escapeRune)}"`

const MAX_INT64 = 2n ** 63n - 1n
/**
 * Longest digit string worth converting; anything longer is out of range unless it is all leading
 * zeros.
 */
const DIGITS = 400

const toBigInt = (digits: string): bigint => {
  const significant = digits.replace(/^0+(?=\d)/, '')
  return significant.length > DIGITS ? 10n ** BigInt(DIGITS) : BigInt(significant)
}

/**
 * strconv.Atoi for 64 bits: a sign and decimal digits. Undefined for anything else. Exact up to
 * 2^53.
 */
export const parseGoInt = (text: string): number | undefined => {
  const match = /^([+-]?)(\d+)$/.exec(text)
  if (match === null) return undefined
  const magnitude = toBigInt(match[2] ?? '')
  const value = match[1] === '-' ? -magnitude : magnitude
  if (value > MAX_INT64 || value < -MAX_INT64 - 1n) return undefined
  return Number(value)
}

/** strconv.ParseUint in base 10: digits only, at most `bits` bits wide. Exact up to 2^53. */
export const parseGoUint = (text: string, bits: 8 | 16 | 32 | 64): number | undefined => {
  if (!/^\d+$/.test(text)) return undefined
  const value = toBigInt(text)
  return value < 2n ** BigInt(bits) ? Number(value) : undefined
}

const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/**
 * strconv.ParseFloat without hexadecimal floats, infinities and NaN, which no option of a Corefile
 * uses.
 */
export const parseGoFloat = (text: string): number | undefined => {
  const value = FLOAT.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : undefined
}

const numError = (call: string, text: string, isNumber: boolean): string =>
  `strconv.${call}: parsing ${goQuote(text)}: ${isNumber ? 'value out of range' : 'invalid syntax'}`

/** strconv.Atoi's error for a text that parseGoInt refuses. */
export const goAtoiError = (text: string): string => numError('Atoi', text, /^[+-]?\d+$/.test(text))

/** strconv.ParseInt's error for a text that is no integer, or has too many bits. */
export const goParseIntError = (text: string): string =>
  numError('ParseInt', text, /^[+-]?\d+$/.test(text))

/** strconv.ParseUint's error for a text that parseGoUint refuses. */
export const goParseUintError = (text: string): string =>
  numError('ParseUint', text, /^\d+$/.test(text))

/** strconv.ParseFloat's error for a text that parseGoFloat refuses. */
export const goParseFloatError = (text: string): string =>
  numError('ParseFloat', text, FLOAT.test(text))
