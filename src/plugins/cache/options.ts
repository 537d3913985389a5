// The `cache` directive: tokens to options, with CoreDNS's rules and texts. serve_stale has its own
// file.

import type { TableCapacity } from '../../cache/table-ref.ts'
import type { Diagnostic } from '../../corefile/diagnostics/diagnostic.ts'
import { startsNewLine } from '../../corefile/diagnostics/span.ts'
import type { Directive } from '../../corefile/options/directive.ts'
import {
  argumentsOf,
  flag,
  option,
  type Row,
  words,
  zonesArgument,
} from '../../corefile/options/option-rows.ts'
import { finishedTable, type OptionTable } from '../../corefile/options/option-table.ts'
import { type Argument, duration, integer, type Value } from '../../corefile/options/values.ts'
import { parseDuration } from '../../corefile/words/duration.ts'
import { parseGoInt } from '../../corefile/words/strconv.ts'
import { zonesFromArgsOrBlock } from '../../corefile/words/zones.ts'
import { type StaleOptions, serveStale, serveStalePolicy } from './stale-options.ts'

/** Limits of one of the two tables. */
export interface TableOptions {
  readonly capacity: TableCapacity
  readonly ttlSeconds: number
  readonly minTtlSeconds: number
  /** Zones whose answers of this kind are not stored. */
  readonly disabledZones: readonly string[]
}

export interface PrefetchOptions {
  /** Hits that make an entry popular. */
  readonly amount: number
  /** Longest gap between two hits that count together. */
  readonly windowSeconds: number
  /** Share of the TTL that may be left when an entry is fetched anew. */
  readonly percentage: number
}

export interface CacheOptions {
  readonly zones: readonly string[]
  readonly success: TableOptions
  readonly denial: TableOptions
  readonly servfailSeconds: number
  readonly prefetch: PrefetchOptions | undefined
  readonly stale: StaleOptions | undefined
  readonly preferPositive: boolean
  readonly keepTtl: boolean
}

/** What CoreDNS keeps of each kind, however much memory there is. */
const COREDNS_CAPACITY = 9984
/** As many as --cache-bytes holds. */
const DEFAULT_SUCCESS_CAPACITY: TableCapacity = { part: 1, least: COREDNS_CAPACITY }
/** Names that do not exist are made up at will: they never push out all others. */
const DEFAULT_DENIAL_CAPACITY: TableCapacity = { part: 1 / 2, least: COREDNS_CAPACITY }
const DEFAULT_SUCCESS_TTL_SECONDS = 3600
const DEFAULT_DENIAL_TTL_SECONDS = 1800
const DEFAULT_MIN_TTL_SECONDS = 5
const DEFAULT_PREFETCH_WINDOW_SECONDS = 60
const DEFAULT_PREFETCH_PERCENTAGE = 10
const SHARDS = 256
const SHARD_CAPACITY_MIN = 4

/** CoreDNS spreads a table over 256 shards of equal size, at least four entries each. */
const roundCapacity = (capacity: number): number =>
  SHARDS * Math.max(Math.trunc(capacity / SHARDS), SHARD_CAPACITY_MIN)

const anyInteger = integer()

const longestTtl = integer({
  least: 1,
  outside: (seconds, word) => word.plainErr(`cache TTL can not be zero or negative: ${seconds}`),
})

const leastTtl = integer({
  least: 0,
  outside: (seconds, word) => word.plainErr(`cache min TTL can not be negative: ${seconds}`),
})

/** The first argument is a TTL if it is an integer, else a zone. */
const ttlArgument = argumentsOf<number | undefined>('TTL', '[TTL]', {
  otherwise: '3600 for success, 1800 for denial',
  does: 'longest time in seconds that answers are kept',
  start: () => undefined,
  read(left, before) {
    const [first] = left
    if (first === undefined || parseGoInt(first.text) === undefined) return before
    left.shift()
    return longestTtl.read(first)
  },
})

/** What the lines of one table say. */
interface TableLimits {
  readonly capacity: TableCapacity
  readonly ttlSeconds: number | undefined
  readonly minTtlSeconds: number
}

const tableLimits = (name: string, usual: TableCapacity, does: string): Row<TableLimits> =>
  words<TableLimits>(name, 'CAPACITY [TTL] [MINTTL]', {
    least: 1,
    otherwise: 'as many as --cache-bytes holds, TTL of the directive, 5',
    does,
    start: () => ({
      capacity: usual,
      ttlSeconds: undefined,
      minTtlSeconds: DEFAULT_MIN_TTL_SECONDS,
    }),
    read([capacity, ttl, minTtl], before) {
      return {
        capacity:
          capacity === undefined ? before.capacity : roundCapacity(anyInteger.read(capacity)),
        ttlSeconds: ttl === undefined ? before.ttlSeconds : longestTtl.read(ttl),
        minTtlSeconds: minTtl === undefined ? before.minTtlSeconds : leastTtl.read(minTtl),
      }
    },
  })

const prefetchAmount = integer({
  least: 0,
  outside: (amount, word) => word.plainErr(`prefetch amount should be positive: ${amount}`),
})

const prefetchWindow = duration()

const percentageNumber = integer({
  least: 10,
  most: 90,
  outside: (value, word) => word.plainErr(`percentage should fall in range [10, 90]: ${value}`),
})

const readPercentage = (word: Argument): number => {
  const last = word.text.at(-1)
  if (last === undefined) throw word.directive.argErr()
  if (last !== '%')
    throw word.plainErr(`last character of percentage should be \`%\`, but is: '${last}'`)
  return percentageNumber.read(word.withText(word.text.slice(0, -1)))
}

/** Undefined for amount 0, which is off. */
const prefetch = words<PrefetchOptions | undefined>('prefetch', 'AMOUNT [DURATION [PERCENTAGE%]]', {
  least: 1,
  most: 3,
  does: 'fetch entries anew that were asked for AMOUNT times without a gap of DURATION (1m)',
  start: () => undefined,
  read([first, window, share], before) {
    if (first === undefined) return before
    const amount = prefetchAmount.read(first)
    const windowSeconds =
      window === undefined
        ? DEFAULT_PREFETCH_WINDOW_SECONDS
        : Math.floor(prefetchWindow.read(window) / 1000)
    const percentage = share === undefined ? DEFAULT_PREFETCH_PERCENTAGE : readPercentage(share)
    return amount === 0 ? undefined : { amount, windowSeconds, percentage }
  },
})

const servfailDuration = duration({
  least: 0,
  // RFC 2308 section 7.1 forbids more.
  most: 5 * 60 * 1000,
  outside: (ms, word) =>
    word.plainErr(
      ms < 0
        ? 'invalid negative ttl for servfail'
        : 'caching SERVFAIL responses over 5 minutes is not permitted',
    ),
})

const servfailSeconds: Value<number> = {
  ...servfailDuration,
  read: word => Math.floor(servfailDuration.read(word) / 1000),
}

/** Zones by the kind of answer; a second line of the same kind replaces the first. */
const disabled = words<{ readonly success: string[]; readonly denial: string[] }>(
  'disable',
  'success|denial [ZONES...]',
  {
    least: 1,
    does: 'store no answers of this kind for names in ZONES, or for any',
    start: () => ({ success: [], denial: [] }),
    read([kind, ...zones], before) {
      if (kind === undefined) return before
      if (kind.text !== 'success' && kind.text !== 'denial')
        throw kind.plainErr('cache type for disable must be "success" or "denial"')
      const names = zones.map(({ text }) => text)
      return { ...before, [kind.text]: zonesFromArgsOrBlock(names, ['.']) }
    },
  },
)

export const options: OptionTable<CacheOptions> = finishedTable(
  'once',
  {
    rows: {
      ttl: ttlArgument,
      zones: zonesArgument('zones whose names are kept'),
      success: tableLimits(
        'success',
        DEFAULT_SUCCESS_CAPACITY,
        'limits of the table of answers with data',
      ),
      denial: tableLimits(
        'denial',
        DEFAULT_DENIAL_CAPACITY,
        'limits of the table of answers without data',
      ),
      prefetch,
      stale: serveStale,
      preferPositive: serveStalePolicy,
      servfailSeconds: option('servfail', servfailSeconds, {
        default: '5s',
        does: 'how long SERVFAIL and NOTIMP are kept, 0s for not at all',
      }),
      disabled,
      keepTtl: flag('keepttl', { does: 'give the TTL that an entry was stored with' }),
    },
    otherLine: directive => directive.argErr(),
  },
  ({ ttl, success, denial, disabled, ...others }, directive) => {
    if (others.preferPositive && others.stale === undefined)
      throw directive.plainErr('serve_stale_policy requires serve_stale')
    const table = (limits: TableLimits, ttlSeconds: number, disabledZones: string[]) => ({
      ...limits,
      ttlSeconds: limits.ttlSeconds ?? ttl ?? ttlSeconds,
      disabledZones,
    })
    return {
      ...others,
      success: table(success, DEFAULT_SUCCESS_TTL_SECONDS, disabled.success),
      denial: table(denial, DEFAULT_DENIAL_TTL_SECONDS, disabled.denial),
    }
  },
)

/**
 * `cache 30s`: a TTL is a bare number, anything else is a zone. CoreDNS accepts it in silence.
 */
export const suspicions = (directive: Directive): Diagnostic[] =>
  [...directive.each()].flatMap(({ tokens: [name, argument] }) => {
    if (argument === undefined || startsNewLine(name, argument)) return []
    if (!/^\d+[a-zµ]/.test(argument.text) || parseDuration(argument.text) === undefined) return []
    const message = `'${argument.text}' is read as a zone: the TTL is a bare number of seconds, as in cache 30`
    return [{ severity: 'warning', code: 'cache-duration', message, span: argument.span }]
  })
