// Durations in Go's syntax. Numbers are milliseconds and may carry a fraction down to the
// nanosecond.

const NANOSECONDS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1000n],
  ['µs', 1000n],
  ['μs', 1000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
])
const LIMIT = 2n ** 63n
/** A text of more characters than this is no duration. */
const LONGEST = 200

const PART = /(\d*)(?:\.(\d*))?([^\d.]*)/y

/** Go's package time has its own quoting: bytes outside of printable ASCII as \xNN. */
const quote = (text: string): string => {
  const bytes = [...Buffer.from(text)].map(byte => {
    if (byte < 0x20 || byte >= 0x80) return `\\x${byte.toString(16).padStart(2, '0')}`
    const character = String.fromCharCode(byte)
    return character === '"' || character === '\\' ? `\\${character}` : character
  })
  return `"${bytes.join('')}"`
}

type Reading = { readonly nanoseconds: bigint } | { readonly error: string }

/**
 * Reads one part such as `1.5h` from `PART.lastIndex` on, in nanoseconds; fractions are dropped, as
 * in Go.
 */
const readPart = (text: string, quoted: string): Reading => {
  const [, whole = '', fraction = '', unit = ''] = PART.exec(text) ?? []
  if ((whole === '' && fraction === '') || BigInt(whole) > LIMIT)
    return { error: `time: invalid duration ${quoted}` }
  if (unit === '') return { error: `time: missing unit in duration ${quoted}` }
  const scale = NANOSECONDS.get(unit)
  if (scale === undefined)
    return { error: `time: unknown unit ${quote(unit)} in duration ${quoted}` }
  const below = fraction === '' ? 0n : (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  return { nanoseconds: BigInt(whole) * scale + below }
}

const read = (text: string): Reading => {
  const quoted = quote(text)
  const sign = text.startsWith('-') ? -1n : 1n
  const body = /^[-+]/.test(text) ? text.slice(1) : text
  if (body === '0') return { nanoseconds: 0n }
  if (body === '' || body.length > LONGEST) return { error: `time: invalid duration ${quoted}` }
  let total = 0n
  PART.lastIndex = 0
  while (PART.lastIndex < body.length) {
    const part = readPart(body, quoted)
    if ('error' in part) return part
    total += part.nanoseconds
    if (total > LIMIT) return { error: `time: invalid duration ${quoted}` }
  }
  if (total === LIMIT && sign > 0n) return { error: `time: invalid duration ${quoted}` }
  return { nanoseconds: sign * total }
}

/**
 * Milliseconds of a Go duration such as `1m30s`; may be negative. Undefined for anything that
 * time.ParseDuration refuses.
 */
export const parseDuration = (text: string): number | undefined => {
  const reading = read(text)
  return 'error' in reading ? undefined : Number(reading.nanoseconds) / 1e6
}

/** time.ParseDuration's error for a text that parseDuration refuses; '' for one that it accepts. */
export const durationError = (text: string): string => {
  const reading = read(text)
  return 'error' in reading ? reading.error : ''
}

const decimal = (value: bigint, scale: bigint): string => {
  const digits = scale.toString().length - 1
  const fraction = (value % scale).toString().padStart(digits, '0').replace(/0+$/, '')
  return `${value / scale}${fraction === '' || digits === 0 ? '' : `.${fraction}`}`
}

/** time.Duration's String(): `1m30s`, `2.5ms`, `0s`. Rounded to the nanosecond. */
export const formatDuration = (ms: number): string => {
  const signed = BigInt(Math.round(ms * 1e6))
  const sign = signed < 0n ? '-' : ''
  const value = signed < 0n ? -signed : signed
  if (value === 0n) return '0s'
  if (value < 1000n) return `${sign}${value}ns`
  if (value < 1_000_000n) return `${sign}${decimal(value, 1000n)}µs`
  if (value < 1_000_000_000n) return `${sign}${decimal(value, 1_000_000n)}ms`
  const seconds = value / 1_000_000_000n
  const hours = seconds / 3600n
  const minutes = (seconds / 60n) % 60n
  const rest = decimal(value % 60_000_000_000n, 1_000_000_000n)
  if (hours > 0n) return `${sign}${hours}h${minutes}m${rest}s`
  return minutes > 0n ? `${sign}${minutes}m${rest}s` : `${sign}${rest}s`
}
