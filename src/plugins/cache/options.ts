// The `cache` directive: tokens to options, with CoreDNS's rules and texts. serve_stale has its own
// file.

import type { Directive } from '../../corefile/directive.ts'
import { goAtoiError, parseGoInt } from '../../corefile/number.ts'
import { zonesFromArgsOrBlock } from '../../corefile/zones.ts'
import { durationMs } from './duration-argument.ts'
import { parseServeStale, parseServeStalePolicy, type StaleOptions } from './stale-options.ts'

/** Limits of one of the two tables. */
export interface TableOptions {
  /** Entries. */
  capacity: number
  ttlSeconds: number
  minTtlSeconds: number
  /** Zones whose answers of this kind are not stored. */
  disabledZones: string[]
}

export interface PrefetchOptions {
  /** Hits that make an entry popular. */
  amount: number
  /** Longest gap between two hits that count together. */
  windowSeconds: number
  /** Share of the TTL that may be left when an entry is fetched anew. */
  percentage: number
}

export interface CacheOptions {
  zones: string[]
  success: TableOptions
  denial: TableOptions
  servfailSeconds: number
  prefetch: PrefetchOptions | undefined
  stale: StaleOptions | undefined
  preferPositive: boolean
  keepTtl: boolean
}

const DEFAULT_CAPACITY = 10000
const DEFAULT_TTL_SECONDS = 3600
const DEFAULT_DENIAL_TTL_SECONDS = 1800
const DEFAULT_MIN_TTL_SECONDS = 5
const DEFAULT_SERVFAIL_SECONDS = 5
const SERVFAIL_LIMIT_MS = 5 * 60 * 1000
const DEFAULT_PREFETCH_WINDOW_SECONDS = 60
const DEFAULT_PREFETCH_PERCENTAGE = 10
const SHARDS = 256
const SHARD_CAPACITY_MIN = 4

/** CoreDNS spreads a table over 256 shards of equal size, at least four entries each. */
const roundCapacity = (capacity: number): number =>
  SHARDS * Math.max(Math.trunc(capacity / SHARDS), SHARD_CAPACITY_MIN)

const defaultTable = (ttlSeconds: number): TableOptions => ({
  capacity: roundCapacity(DEFAULT_CAPACITY),
  ttlSeconds,
  minTtlSeconds: DEFAULT_MIN_TTL_SECONDS,
  disabledZones: [],
})

export const parse = (d: Directive): CacheOptions => {
  d.once()
  const options: CacheOptions = {
    zones: [],
    success: defaultTable(DEFAULT_TTL_SECONDS),
    denial: defaultTable(DEFAULT_DENIAL_TTL_SECONDS),
    servfailSeconds: DEFAULT_SERVFAIL_SECONDS,
    prefetch: undefined,
    stale: undefined,
    preferPositive: false,
    keepTtl: false,
  }
  while (d.next()) {
    options.zones = parseArguments(d, options)
    while (d.nextBlock()) parseProperty(d, options)
  }
  if (options.preferPositive && options.stale === undefined)
    throw d.plainErr('serve_stale_policy requires serve_stale')
  return options
}

/** `[TTL] [ZONES...]`: the first argument is a TTL if it is an integer. */
const parseArguments = (d: Directive, options: CacheOptions): string[] => {
  const args = d.remainingArgs()
  const ttl = args[0] === undefined ? undefined : parseGoInt(args[0])
  if (ttl !== undefined) {
    options.success.ttlSeconds = positiveTtl(d, ttl)
    options.denial.ttlSeconds = ttl
    args.shift()
  }
  return zonesFromArgsOrBlock(args, d.blockZones)
}

const parseProperty = (d: Directive, options: CacheOptions): void => {
  switch (d.val()) {
    case 'success':
      parseTable(d, options.success)
      return
    case 'denial':
      parseTable(d, options.denial)
      return
    case 'prefetch':
      options.prefetch = parsePrefetch(d)
      return
    case 'serve_stale':
      options.stale = parseServeStale(d)
      return
    case 'serve_stale_policy':
      parseServeStalePolicy(d, options.preferPositive)
      options.preferPositive = true
      return
    case 'servfail':
      options.servfailSeconds = parseServfail(d)
      return
    case 'disable':
      parseDisable(d, options)
      return
    case 'keepttl':
      if (d.remainingArgs().length > 0) throw d.argErr()
      options.keepTtl = true
      return
    default:
      throw d.argErr()
  }
}

/** `CAPACITY [TTL] [MINTTL]` */
const parseTable = (d: Directive, table: TableOptions): void => {
  const [capacity, ttl, minTtl] = d.remainingArgs()
  if (capacity === undefined) throw d.argErr()
  table.capacity = roundCapacity(goInt(d, capacity))
  if (ttl === undefined) return
  table.ttlSeconds = positiveTtl(d, goInt(d, ttl))
  if (minTtl === undefined) return
  const seconds = goInt(d, minTtl)
  if (seconds < 0) throw d.plainErr(`cache min TTL can not be negative: ${seconds}`)
  table.minTtlSeconds = seconds
}

/** `AMOUNT [DURATION [PERCENTAGE%]]`; undefined for amount 0, which is off. */
const parsePrefetch = (d: Directive): PrefetchOptions | undefined => {
  const args = d.remainingArgs()
  const [amountText, durationText, percentageText] = args
  if (amountText === undefined || args.length > 3) throw d.argErr()
  const amount = goInt(d, amountText)
  if (amount < 0) throw d.plainErr(`prefetch amount should be positive: ${amount}`)
  const windowSeconds =
    durationText === undefined
      ? DEFAULT_PREFETCH_WINDOW_SECONDS
      : Math.floor(durationMs(d, durationText) / 1000)
  const percentage =
    percentageText === undefined ? DEFAULT_PREFETCH_PERCENTAGE : parsePercentage(d, percentageText)
  return amount === 0 ? undefined : { amount, windowSeconds, percentage }
}

const parsePercentage = (d: Directive, text: string): number => {
  const last = text.at(-1)
  if (last === undefined) throw d.argErr()
  if (last !== '%')
    throw d.plainErr(`last character of percentage should be \`%\`, but is: '${last}'`)
  const percentage = goInt(d, text.slice(0, -1))
  if (percentage < 10 || percentage > 90)
    throw d.plainErr(`percentage should fall in range [10, 90]: ${percentage}`)
  return percentage
}

const parseServfail = (d: Directive): number => {
  const [text, ...more] = d.remainingArgs()
  if (text === undefined || more.length > 0) throw d.argErr()
  const ms = durationMs(d, text)
  if (ms < 0) throw d.plainErr('invalid negative ttl for servfail')
  // RFC 2308 section 7.1 forbids more.
  if (ms > SERVFAIL_LIMIT_MS)
    throw d.plainErr('caching SERVFAIL responses over 5 minutes is not permitted')
  return Math.floor(ms / 1000)
}

/**
 * `success|denial [ZONES...]`: no zones are all; a second line of the same kind replaces the first.
 */
const parseDisable = (d: Directive, options: CacheOptions): void => {
  const [kind, ...zones] = d.remainingArgs()
  if (kind === undefined) throw d.argErr()
  if (kind !== 'success' && kind !== 'denial')
    throw d.plainErr('cache type for disable must be "success" or "denial"')
  options[kind].disabledZones = zonesFromArgsOrBlock(zones, ['.'])
}

const positiveTtl = (d: Directive, ttl: number): number => {
  if (ttl <= 0) throw d.plainErr(`cache TTL can not be zero or negative: ${ttl}`)
  return ttl
}

const goInt = (d: Directive, text: string): number => {
  const value = parseGoInt(text)
  if (value === undefined) throw d.plainErr(goAtoiError(text))
  return value
}
