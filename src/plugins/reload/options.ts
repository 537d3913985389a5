// `reload [INTERVAL] [JITTER]`. The first occurrence counts.

import type { Directive } from '../../corefile/directive.ts'
import { durationError, parseDuration } from '../../corefile/duration.ts'

export interface ReloadOptions {
  readonly intervalMs: number
  /** Full width of the range that the interval is spread over. */
  readonly jitterMs: number
}

export function parse(directive: Directive): ReloadOptions {
  let first: ReloadOptions | undefined
  while (directive.next()) {
    const options = parseOccurrence(directive)
    if (first !== undefined)
      directive.warn('only the first reload of a server block counts', 'repeated')
    first ??= options
  }
  return first ?? { intervalMs: 30_000, jitterMs: 15_000 }
}

function parseOccurrence(directive: Directive): ReloadOptions {
  const args = directive.remainingArgs()
  if (args.length > 2 || directive.nextBlock()) throw directive.argErr()
  const [interval = '30s', jitter = '15s'] = args
  const intervalMs = durationArgument(directive, interval)
  if (intervalMs < 2000) throw directive.plainErr('interval value must be greater or equal to 2s')
  const jitterMs = durationArgument(directive, jitter)
  if (jitterMs !== 0 && jitterMs < 1000)
    throw directive.plainErr('jitter value must be 0 or greater or equal to 1s')
  return { intervalMs, jitterMs: Math.min(jitterMs, intervalMs / 2) }
}

function durationArgument(directive: Directive, text: string): number {
  const durationMs = parseDuration(text)
  if (durationMs === undefined) throw directive.plainErr(durationError(text))
  return durationMs
}
