// `health [ADDRESS] { lameduck DURATION }`. The last occurrence counts.

import { parsePort, splitHostPort } from '../../base/host-port.ts'
import type { Directive } from '../../corefile/directive.ts'
import { durationError, parseDuration } from '../../corefile/duration.ts'

export interface HealthOptions {
  readonly address: string
  /** 0 or less: no lameduck. */
  readonly lameduckMs: number
}

export function parse(directive: Directive): HealthOptions {
  let options: HealthOptions = { address: ':8080', lameduckMs: 0 }
  for (let left = directive.occurrences - 1; directive.next(); left--)
    options = parseOccurrence(directive, left === 0)
  return options
}

/**
 * Only the address of the last one is listened on: what stands for a port in others is nobody's
 * business.
 */
function parseOccurrence(directive: Directive, isLast: boolean): HealthOptions {
  const [address = ':8080', ...others] = directive.remainingArgs()
  if (others.length > 0) throw directive.argErr()
  const split = splitHostPort(address)
  if ('error' in split) throw directive.plainErr(split.error)
  if (isLast && parsePort(split.port) === undefined) {
    throw directive.plainErr(`listen tcp ${address}: invalid port ${split.port}`)
  }
  let lameduckMs = 0
  while (directive.nextBlock()) {
    const property = directive.val()
    if (property !== 'lameduck')
      throw directive.unknownOption(`unknown property '${property}'`, ['lameduck'])
    lameduckMs = parseLameduck(directive)
  }
  return { address, lameduckMs }
}

function parseLameduck(directive: Directive): number {
  const [text, ...others] = directive.remainingArgs()
  if (text === undefined || others.length > 0) throw directive.argErr()
  const lameduckMs = parseDuration(text)
  if (lameduckMs !== undefined) return lameduckMs
  throw directive.plainErr(
    `unable to parse lameduck duration value: '${text}' : ${durationError(text)}`,
  )
}
