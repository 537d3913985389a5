// The `serve_stale` and `serve_stale_policy` lines of the cache directive.

import { words } from '../../corefile/options/option-rows.ts'
import { type Argument, duration, type Value } from '../../corefile/options/values.ts'

export interface StaleOptions {
  /** How long past its expiry an entry may be served. */
  readonly forSeconds: number
  readonly mode: 'immediate' | 'verify'
  /** `verify`: how long the client waits for the fresh answer; 0 for as long as it takes. */
  readonly verifyTimeoutMs: number
  /** TTL of stale answers. */
  readonly ttlSeconds: number
  /** Pause after a failed refresh of an entry; 0 for none. */
  readonly recheckSeconds: number
}

const DEFAULT_STALE_MS = 60 * 60 * 1000
const RECHECK_LIMIT_MS = 5 * 60 * 1000
const TTL_LIMIT_SECONDS = 0x7fffffff

const positiveDuration = (what: string, areSecondsAllowed?: true): Value<number> =>
  duration({
    least: 0,
    ...(areSecondsAllowed && { areSecondsAllowed }),
    outside: (_, word) => word.plainErr(`invalid negative duration for serve_stale${what}`),
  })

const forDuration = positiveDuration('')
const verifyTimeout = positiveDuration(' verify timeout')
const responseTtl = positiveDuration(' response TTL', true)
const recheck = positiveDuration(' failure recheck')

/** In any letter case. */
const modeOf = (word: Argument): StaleOptions['mode'] => {
  const mode = word.text.toLowerCase()
  if (mode === 'immediate' || mode === 'verify') return mode
  throw word.plainErr(`invalid value for serve_stale refresh mode: ${mode}`)
}

/** A duration of whole seconds; a bare integer counts seconds. */
const readResponseTtl = (word: Argument): number => {
  const seconds = responseTtl.read(word) / 1000
  if (Number.isInteger(seconds) && seconds <= TTL_LIMIT_SECONDS) return seconds
  throw word.plainErr(`serve_stale response TTL must be whole seconds: ${word.text}`)
}

const readRecheck = (word: Argument): number => {
  const ms = recheck.read(word)
  if (ms > RECHECK_LIMIT_MS)
    throw word.plainErr('serve_stale failure recheck cannot exceed 5 minutes')
  return Math.ceil(ms / 1000)
}

/** Undefined for a duration below one second, which is off. */
export const serveStale = words<StaleOptions | undefined>(
  'serve_stale',
  '[DURATION [immediate|verify [VERIFY_TIMEOUT] [RESPONSE_TTL [FAILURE_RECHECK]]]]',
  {
    does: 'answer from entries that expired up to DURATION (1h) ago',
    start: () => undefined,
    read([forWord, modeWord, ...rest], _, directive) {
      const forMs = forWord === undefined ? DEFAULT_STALE_MS : forDuration.read(forWord)
      const mode = modeWord === undefined ? 'immediate' : modeOf(modeWord)
      const timeout = mode === 'verify' ? rest.shift() : undefined
      const [ttl, pause, ...more] = rest
      if (more.length > 0) throw directive.argErr()
      const options: StaleOptions = {
        forSeconds: Math.floor(forMs / 1000),
        mode,
        verifyTimeoutMs: timeout === undefined ? 0 : verifyTimeout.read(timeout),
        ttlSeconds: ttl === undefined ? 0 : readResponseTtl(ttl),
        recheckSeconds: pause === undefined ? 0 : readRecheck(pause),
      }
      return options.forSeconds === 0 ? undefined : options
    },
  },
)

/** Whether it was given. */
export const serveStalePolicy = words<boolean>('serve_stale_policy', 'prefer_positive', {
  least: 1,
  most: 1,
  does: 'keep an answer with data until another one with data replaces it',
  start: () => false,
  read([policy], isRepeated, directive) {
    if (isRepeated) throw directive.plainErr('serve_stale_policy can only be specified once')
    if (policy?.text !== 'prefer_positive')
      throw directive.plainErr(`invalid value for serve_stale_policy: ${policy?.text}`)
    return true
  },
})
