// What *forward* and *grpc* have in common in a Corefile: which names go to upstreams, how many
// upstreams there may be, and in which order they are asked.

import { option, requiredArgument, words } from '../corefile/options/option-rows.ts'
import { oneOf, type Value } from '../corefile/options/values.ts'
import { normalizeZone } from '../corefile/words/zones.ts'
import { nameFromText } from '../wire/name.ts'
import { POLICIES } from './policy.ts'

/**
 * As many as CoreDNS allows; a file or a host name counts once, however many addresses it yields.
 */
export const TO_LIMIT = 15

/** Beyond the words of an option CoreDNS reads on as if they began a line. */
export const single = { surplus: 'next-line' } as const

export const isName = (text: string): boolean => nameFromText(text) !== undefined

const fromZone: Value<string> = {
  word: 'FROM',
  range: '',
  read(word) {
    const [zone, ...others] = normalizeZone(word.text) ?? []
    if (zone === undefined || !isName(zone))
      throw word.plainErr(`unable to normalize '${word.text}'`)
    if (others.length > 0) {
      word.directive.warn(
        `Unsupported CIDR notation: '${word.text}' expands to multiple zones. Using only '${zone}'.`,
        'forward-cidr',
        word.token,
      )
    }
    return zone
  },
}

export const from = requiredArgument('FROM', fromZone, {
  does: 'the zone to relay, `.` for every name',
  wrongCount(directive) {
    // A block is none, and the error says so.
    directive.nextArg()
    return directive.argErr()
  },
})

export const except = words<string[]>('except', 'NAME...', {
  least: 1,
  addsUp: true,
  does: 'zones below FROM that are not relayed',
  start: () => [],
  read(found, before) {
    for (const { text } of found)
      for (const zone of normalizeZone(text) ?? []) if (isName(zone)) before.push(zone)
    return before
  },
})

export const tlsFiles = words<readonly string[]>('tls', '[CERT KEY] [CA]', {
  most: 3,
  does: 'files for TLS upstreams, below root if they are relative',
  start: () => [],
  read: found => found.map(({ text }) => text),
})

const UNKNOWN = { code: 'unknown-option' }

export const policy = option(
  'policy',
  oneOf(POLICIES, word => word.err(`unknown policy '${word.text}'`, UNKNOWN)),
  { ...single, default: 'random', does: 'order in which upstreams are tried' },
)
