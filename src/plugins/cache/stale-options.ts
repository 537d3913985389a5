// The `serve_stale` and `serve_stale_policy` lines of the cache directive.

import type { Directive } from '../../corefile/directive.ts'
import { durationMs } from './duration-argument.ts'

export interface StaleOptions {
  /** How long past its expiry an entry may be served. */
  forSeconds: number
  mode: 'immediate' | 'verify'
  /** `verify`: how long the client waits for the fresh answer; 0 for as long as it takes. */
  verifyTimeoutMs: number
  /** TTL of stale answers. */
  ttlSeconds: number
  /** Pause after a failed refresh of an entry; 0 for none. */
  recheckSeconds: number
}

const DEFAULT_STALE_MS = 60 * 60 * 1000
const RECHECK_LIMIT_MS = 5 * 60 * 1000

/**
 * `[DURATION [immediate [TTL [RECHECK]] | verify [TIMEOUT [TTL [RECHECK]]]]]`; undefined for a
 * duration below one second, which is off.
 */
export const parseServeStale = (d: Directive): StaleOptions | undefined => {
  const [durationText, modeText, ...rest] = d.remainingArgs()
  const forMs = durationText === undefined ? DEFAULT_STALE_MS : nonNegativeMs(d, durationText, '')
  const mode = modeText === undefined ? 'immediate' : modeText.toLowerCase()
  if (mode !== 'immediate' && mode !== 'verify')
    throw d.plainErr(`invalid value for serve_stale refresh mode: ${mode}`)
  const timeoutText = mode === 'verify' ? rest.shift() : undefined
  const [ttlText, recheckText, ...more] = rest
  if (more.length > 0) throw d.argErr()
  const options: StaleOptions = {
    forSeconds: Math.floor(forMs / 1000),
    mode,
    verifyTimeoutMs:
      timeoutText === undefined ? 0 : nonNegativeMs(d, timeoutText, ' verify timeout'),
    ttlSeconds: ttlText === undefined ? 0 : parseResponseTtl(d, ttlText),
    recheckSeconds: recheckText === undefined ? 0 : parseRecheck(d, recheckText),
  }
  return options.forSeconds === 0 ? undefined : options
}

export const parseServeStalePolicy = (d: Directive, isRepeated: boolean): void => {
  const args = d.remainingArgs()
  if (args.length !== 1) throw d.argErr()
  if (isRepeated) throw d.plainErr('serve_stale_policy can only be specified once')
  if (args[0] !== 'prefer_positive')
    throw d.plainErr(`invalid value for serve_stale_policy: ${args[0]}`)
}

/** A duration of whole seconds; a bare integer counts seconds. */
const parseResponseTtl = (d: Directive, text: string): number => {
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : nonNegativeMs(d, text, ' response TTL')
  const seconds = ms / 1000
  if (!Number.isInteger(seconds) || seconds > 0x7fffffff) {
    throw d.plainErr(`serve_stale response TTL must be whole seconds: ${text}`)
  }
  return seconds
}

const parseRecheck = (d: Directive, text: string): number => {
  const ms = nonNegativeMs(d, text, ' failure recheck')
  if (ms > RECHECK_LIMIT_MS) throw d.plainErr('serve_stale failure recheck cannot exceed 5 minutes')
  return Math.ceil(ms / 1000)
}

const nonNegativeMs = (d: Directive, text: string, what: string): number => {
  const ms = durationMs(d, text)
  if (ms < 0) throw d.plainErr(`invalid negative duration for serve_stale${what}`)
  return ms
}
