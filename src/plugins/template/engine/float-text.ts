// Numbers with a fraction as Go's strconv.FormatFloat writes them.

/** The limit of toFixed and toExponential in JavaScript. */
const MOST_DIGITS = 100
/** From this value on, toFixed writes an exponent. Such numbers have no fraction. */
const LARGE = 1e21

/** So many further digits show whether the rest of a number is exactly a half. */
const EXACT = 40

/**
 * JavaScript rounds a half up, Go rounds it to the even digit. `write` gives the number with that
 * many digits after the point.
 */
const roundedEvenly = (write: (digits: number) => string, digits: number): string => {
  const text = write(digits)
  if (digits + EXACT > MOST_DIGITS) return text
  const more = write(digits + EXACT).replace(/e.*/, '')
  if (!/50*$/.test(more) || more.replace(/0+$/, '').length !== more.length - EXACT + 1) return text
  return /[02468]$/.test(text.replace(/e.*/, '')) ? text : write(digits + 1).replace(/5(?=e|$)/, '')
}

const exponentText = (exponent: number): string =>
  `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`

const exponentialOf = (value: number, fraction: number | undefined): string =>
  fraction === undefined
    ? value.toExponential()
    : roundedEvenly(digits => value.toExponential(digits), fraction)

/** Significant digits and exponent: 1250 is `125` and 3. */
const digitsOf = (value: number, fraction?: number): { digits: string; exponent: number } => {
  const [mantissa = '', exponent = '0'] = exponentialOf(value, fraction).split('e')
  return { digits: mantissa.replace('.', ''), exponent: Number(exponent) }
}

const exponential = (digits: string, exponent: number): string =>
  `${digits.slice(0, 1)}${digits.length > 1 ? `.${digits.slice(1)}` : ''}${exponentText(exponent)}`

const withZeros = (value: number, precision: number): string => {
  const few = Math.min(precision, MOST_DIGITS)
  const text =
    value < LARGE
      ? roundedEvenly(digits => value.toFixed(digits), few)
      : `${BigInt(value)}.${'0'.repeat(few)}`
  const whole = few === 0 ? text.replace(/\.$/, '') : text
  return whole + '0'.repeat(precision - few)
}

const general = (value: number, precision: number): string => {
  const isShortest = precision < 0
  const few = isShortest ? undefined : Math.min(Math.max(precision, 1), MOST_DIGITS + 1) - 1
  const { digits, exponent } = digitsOf(value, few)
  const kept = digits.replace(/(?<=.)0+$/, '')
  const point = exponent + 1
  // As in C, but the shortest text counts as one of six digits.
  let most = isShortest ? 6 : Math.max(precision, 1)
  if (!isShortest && most > kept.length && kept.length >= point) most = kept.length
  if (exponent < -4 || exponent >= most) return exponential(kept, exponent)
  if (point <= 0) return `0.${'0'.repeat(-point)}${kept}`
  return kept.length <= point
    ? kept.padEnd(point, '0')
    : `${kept.slice(0, point)}.${kept.slice(point)}`
}

/**
 * The number must not be negative. A negative precision asks for the shortest text that reads back
 * as the same number.
 */
export const floatText = (value: number, verb: 'e' | 'f' | 'g', precision: number): string => {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : 'Inf'
  if (verb === 'f') return withZeros(value, precision)
  if (verb === 'g') return general(value, precision)
  const few = Math.min(precision, MOST_DIGITS)
  const { digits, exponent } = digitsOf(value, few)
  return exponential(digits.padEnd(precision + 1, '0'), exponent)
}
