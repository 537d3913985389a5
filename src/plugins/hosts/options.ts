// The Corefile syntax of hosts.

import { parseIp } from '../../base/ip.ts'
import type { Directive } from '../../corefile/directive.ts'
import { parseDuration } from '../../corefile/duration.ts'
import { strayDirectiveHint } from '../../corefile/hints.ts'
import { parseGoInt } from '../../corefile/number.ts'
import { zonesFromArgsOrBlock } from '../../corefile/zones.ts'

export interface HostsOptions {
  /** As written; undefined: `/etc/hosts`, about which nothing is said if it is missing. */
  readonly path: string | undefined
  readonly zones: readonly string[]
  /** Lines in the format of the file. */
  readonly inline: readonly string[]
  readonly ttlSeconds: number
  /** Whether PTR queries are answered. */
  readonly autoReverse: boolean
  /** How often the file is looked at; 0 for once. */
  readonly reloadMs: number
  /** Zones of `fallthrough`; empty without the option. */
  readonly fall: readonly string[]
  /** Whether `fallthrough` is for types that hosts has no records of, too. */
  readonly fallUnsupported: boolean
  /** `FILE:LINE - Error during parsing: `, for what goes wrong in the control half. */
  readonly errorPrefix: string
}

const MAX_TTL_SECONDS = 65535

type Mutable = { -readonly [Key in keyof HostsOptions]: HostsOptions[Key] } & { inline: string[] }

export const parse = (directive: Directive): HostsOptions => {
  directive.once()
  directive.next()
  const [path, ...zones] = directive.remainingArgs()
  const options: Mutable = {
    path,
    zones: zonesFromArgsOrBlock(zones, directive.blockZones),
    inline: [],
    ttlSeconds: 3600,
    autoReverse: true,
    reloadMs: 5000,
    fall: [],
    fallUnsupported: false,
    errorPrefix: directive.err('').message,
  }
  while (directive.nextBlock()) readOption(directive, options)
  if (options.fallUnsupported && options.fall.length === 0)
    throw directive.err('fallthrough_unsupported requires fallthrough')
  return options
}

const KEYWORDS = ['ttl', 'no_reverse', 'reload', 'fallthrough', 'fallthrough_unsupported']

const readOption = (directive: Directive, options: Mutable): void => {
  switch (directive.val()) {
    case 'fallthrough':
      options.fall = zonesFromArgsOrBlock(directive.remainingArgs(), ['.'])
      return
    case 'fallthrough_unsupported':
      options.fallUnsupported = true
      return
    case 'no_reverse':
      options.autoReverse = false
      return
    case 'ttl':
      options.ttlSeconds = readTtl(directive)
      return
    case 'reload':
      options.reloadMs = readReload(directive)
      return
    default:
      // CoreDNS reads any other line as an inline entry, until a fallthrough has been seen.
      if (options.fall.length > 0)
        throw directive.unknownOption(`unknown property '${directive.val()}'`, KEYWORDS)
      options.inline.push(readInline(directive).join(' '))
  }
}

/** CoreDNS passes over a line that does not begin with an address. */
const readInline = (directive: Directive): readonly string[] => {
  const { token } = directive
  const rest = directive.remainingArgs()
  const stray = strayDirectiveHint(token.text)
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

const readTtl = (directive: Directive): number => {
  const [text] = directive.remainingArgs()
  if (text === undefined) throw directive.err('ttl needs a time in second')
  const ttlSeconds = parseGoInt(text)
  if (ttlSeconds === undefined) throw directive.err('ttl needs a number of second')
  if (ttlSeconds <= 0 || ttlSeconds > MAX_TTL_SECONDS)
    throw directive.err('ttl provided is invalid')
  return ttlSeconds
}

const readReload = (directive: Directive): number => {
  const args = directive.remainingArgs()
  if (args[0] === undefined || args.length > 1)
    throw directive.err('reload needs a duration (zero seconds to disable)')
  const ms = parseDuration(args[0])
  if (ms === undefined) throw directive.err(`invalid duration for reload '${args[0]}'`)
  if (ms < 0) throw directive.err(`invalid negative duration for reload '${args[0]}'`)
  return ms
}
