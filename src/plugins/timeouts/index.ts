// timeouts: deadlines of TCP and DoT connections. Sets BlockSettings.timeouts; the listeners apply
// them.

import type { Timeouts } from '../../chain/block.ts'
import type { Plugin } from '../../chain/plugin.ts'
import type { Directive } from '../../corefile/directive.ts'
import { formatDuration, parseDuration } from '../../corefile/duration.ts'
import { parseGoInt } from '../../corefile/number.ts'

const MIN_MS = 1000
const MAX_MS = 24 * 3600 * 1000
const UNLIMITED = -1
/** What counts the queries of a connection is a signed 32-bit number. */
const MAX_QUERIES = 0x7fffffff

/** CoreDNS doubles the prefix for some errors. */
const PREFIX = 'plugin/timeouts: '

const KEYS = new Map<string, 'readMs' | 'writeMs' | 'idleMs'>([
  ['read', 'readMs'],
  ['write', 'writeMs'],
  ['idle', 'idleMs'],
])

const OPTIONS = [...KEYS.keys(), 'maxtcpqueries']

export const timeouts: Plugin<Timeouts> = {
  name: 'timeouts',
  parse(directive) {
    const given: Timeouts = {}
    while (directive.next()) {
      if (directive.remainingArgs().length > 0) throw directive.argErr().prefixed(PREFIX)
      let count = 0
      for (; directive.nextBlock(); count++) readOption(directive, given)
      if (count === 0)
        throw directive.err('timeouts block with no timeouts specified').prefixed(PREFIX)
    }
    return given
  },
  control: async () => ({
    control(given, scope) {
      Object.assign(scope.settings.timeouts, given)
      return undefined
    },
  }),
}

const readOption = (directive: Directive, given: Timeouts): void => {
  const option = directive.val()
  const key = KEYS.get(option)
  if (key === undefined && option !== 'maxtcpqueries')
    throw directive.unknownOption(`unknown option: '${option}'`, OPTIONS)
  const args = directive.remainingArgs()
  if (args[0] === undefined || args.length > 1) throw directive.argErr()
  if (key === undefined) given.maxTcpQueries = readCount(directive, args[0])
  else given[key] = readTimeout(directive, args[0])
}

/** A Go duration, or a bare number of seconds. */
const readTimeout = (directive: Directive, text: string): number => {
  const ms = parseDuration(parseGoInt(text) === undefined ? text : `${text}s`)
  if (ms === undefined) throw directive.err(`failed to parse duration '${text}'`)
  if (ms < MIN_MS || ms > MAX_MS) {
    throw directive.err(
      `timeout provided '${formatDuration(ms)}' needs to be between 1 second and 24 hours`,
    )
  }
  return ms
}

const readCount = (directive: Directive, text: string): number => {
  const count = parseGoInt(text)
  if (count === undefined || count === 0 || count < UNLIMITED) {
    throw directive.err(
      `maxtcpqueries provided '${text}' needs to be -1 (unlimited) or a positive integer`,
    )
  }
  return Math.min(count, MAX_QUERIES)
}
