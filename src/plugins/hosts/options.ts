// The Corefile syntax of hosts.

import { parseIp } from '../../base/ip.ts'
import type { Directive } from '../../corefile/options/directive.ts'
import {
  argument,
  derived,
  flag,
  option,
  otherLines,
  zoneList,
  zonesArgument,
} from '../../corefile/options/option-rows.ts'
import { finishedTable, type OptionTable } from '../../corefile/options/option-table.ts'
import { duration, text, ttl } from '../../corefile/options/values.ts'

export interface HostsOptions {
  /**
   * The path as written. Undefined stands for `/etc/hosts`, which may be missing without a warning.
   */
  readonly path: string | undefined
  readonly zones: readonly string[]
  /** Lines in the format of the file. */
  readonly inline: readonly string[]
  readonly ttlSeconds: number
  /** Whether PTR queries are answered. */
  readonly autoReverse: boolean
  /** How often the file is checked for changes. 0 for never. */
  readonly reloadMs: number
  /** Zones of `fallthrough`. Empty without the option. */
  readonly fall: readonly string[]
  /** Whether `fallthrough` also applies to types that hosts has no records of. */
  readonly fallUnsupported: boolean
  /** `FILE:LINE - Error during parsing: `, for errors of the control half. */
  readonly errorPrefix: string
}

/** CoreDNS ignores a line that does not begin with an address. */
const readInline = (directive: Directive): readonly string[] => {
  const { token } = directive
  const stray = directive.strayHint()
  const rest = directive.remainingArgs()
  if (stray !== undefined) {
    directive.warn(`${stray} It is passed over as a line of hosts`, 'hosts-line', token)
    return [token.text, ...rest]
  }
  const address =
    parseIp(token.text) === undefined ? rest.find(word => parseIp(word) !== undefined) : undefined
  if (address !== undefined) {
    directive.warn(
      `an entry is ADDRESS NAME: this line is passed over, write '${address} ${token.text}'`,
      'hosts-line',
      token,
    )
  }
  return [token.text, ...rest]
}

const ttlSeconds = option(
  'ttl',
  ttl({
    word: 'SECONDS',
    least: 1,
    most: 65535,
    wrong: word => word.err('ttl needs a number of second'),
    outside: (_, word) => word.err('ttl provided is invalid'),
  }),
  {
    default: '3600',
    does: 'TTL of all records',
    surplus: 'ignored',
    wrongCount: directive => directive.err('ttl needs a time in second'),
  },
)

const reloadMs = option(
  'reload',
  duration({
    least: 0,
    wrong: word => word.err(`invalid duration for reload '${word.text}'`),
    outside: (_, word) => word.err(`invalid negative duration for reload '${word.text}'`),
  }),
  {
    default: '5s',
    does: 'time between two looks at the file, 0s for one look',
    wrongCount: directive => directive.err('reload needs a duration (zero seconds to disable)'),
  },
)

export const options: OptionTable<HostsOptions> = finishedTable(
  'once',
  {
    rows: {
      path: argument('FILE', text('FILE'), {
        unset: undefined,
        otherwise: '/etc/hosts',
        does: 'the hosts file; below root if it is relative',
      }),
      zones: zonesArgument('zones that names are taken from; PTR is answered whatever they are'),
      inline: otherLines<string[]>('INLINE', {
        does: 'a line as in the file, before any fallthrough',
        start: () => [],
      }),
      ttlSeconds,
      autoReverse: flag('no_reverse', {
        sets: false,
        surplus: 'next-line',
        does: 'answer no PTR queries',
      }),
      reloadMs,
      fall: zoneList('fallthrough', {
        unset: [],
        does: 'pass unknown names on: those in ZONES, or all',
      }),
      fallUnsupported: flag('fallthrough_unsupported', {
        surplus: 'next-line',
        does: 'with fallthrough: pass other types than A, AAAA and PTR of known names on, too',
      }),
      errorPrefix: derived(directive => directive.err('').message),
    },
    otherLine(directive, known, draft) {
      // CoreDNS reads any other line as an inline entry, until a fallthrough has been seen.
      if (draft.fall.length > 0)
        return directive.unknownOption(`unknown property '${directive.val()}'`, known)
      draft.inline.push(readInline(directive).join(' '))
      return undefined
    },
  },
  (read, directive) => {
    if (read.fallUnsupported && read.fall.length === 0)
      throw directive.err('fallthrough_unsupported requires fallthrough')
    return read
  },
)
