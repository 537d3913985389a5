// A Go duration as an argument of the cache directive.

import type { Directive } from '../../corefile/directive.ts'
import { durationError, parseDuration } from '../../corefile/duration.ts'

/** Milliseconds; may be negative. */
export const durationMs = (d: Directive, text: string): number => {
  const ms = parseDuration(text)
  if (ms === undefined) throw d.plainErr(durationError(text))
  return ms
}
