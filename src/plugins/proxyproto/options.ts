// `proxyproto { allow CIDR...; default POLICY; udp_session_tracking DURATION [MAX] }`. Occurrences
// add up.

import { type IpPrefix, parseCidr } from '../../base/ip.ts'
import type { ProxyPolicy, ProxyServing } from '../../chain/listening.ts'
import { list, words } from '../../corefile/options/option-rows.ts'
import { finishedTable, type OptionTable } from '../../corefile/options/option-table.ts'
import { duration, integer, parsed } from '../../corefile/options/values.ts'
import { goQuote } from '../../corefile/words/strconv.ts'

const POLICIES: readonly ProxyPolicy[] = ['use', 'ignore', 'reject', 'skip']
const MOST_SESSIONS = 10_240

interface Read {
  readonly allow: readonly IpPrefix[]
  /** Undefined: no line has said it. */
  readonly policy: ProxyPolicy | undefined
  readonly sessions: ProxyServing['sessions'] | undefined
}

const cidr = parsed('CIDR', parseCidr, word =>
  word.plainErr(`${word.text}: invalid CIDR address: ${word.text}`),
)

const policy = parsed(
  POLICIES.join('|'),
  text => POLICIES.find(known => known === text.toLowerCase()),
  word => word.directive.argErr(),
)

const time = duration({
  wrong: (word, why) =>
    word.plainErr(`udp_session_tracking: invalid duration ${goQuote(word.text)}: ${why}`),
})

const wrongMost: NonNullable<Parameters<typeof integer>[0]>['wrong'] = word =>
  word.plainErr(
    `udp_session_tracking: invalid max sessions ${goQuote(word.text)}: must be a positive integer`,
  )
const most = integer({
  least: 1,
  wrong: wrongMost,
  outside: (_, word) => wrongMost(word, ''),
})

const finish = ({ allow, policy: given, sessions }: Read): ProxyServing => {
  const isOpen = allow.length === 0
  return {
    allow: allow.map(({ bytes, bits }) => ({ bytes, bits })),
    isOpen,
    policy: given ?? (isOpen ? 'use' : 'ignore'),
    ...(sessions !== undefined && { sessions }),
  }
}

export const options: OptionTable<ProxyServing> = finishedTable<Read, ProxyServing>(
  'added',
  {
    rows: {
      allow: list('allow', cidr, {
        least: 0,
        otherwise: 'everybody',
        does: 'addresses whose headers are used',
      }),
      policy: words('default', POLICIES.join('|'), {
        least: 1,
        most: 1,
        start: (): ProxyPolicy | undefined => undefined,
        read: ([word], before) => (word === undefined ? before : policy.read(word)),
        otherwise: 'ignore, and use without allow',
        does: 'what the headers of all others come to',
      }),
      sessions: words('udp_session_tracking', 'DURATION [MAX]', {
        least: 1,
        most: 2,
        start: (): Read['sessions'] => undefined,
        read: ([first, second]) => {
          const ttlMs = first === undefined ? 0 : time.read(first)
          const sessions = { ttlMs, most: second === undefined ? MOST_SESSIONS : most.read(second) }
          return ttlMs > 0 ? sessions : undefined
        },
        does: 'how long a header counts for later datagrams of its sender, and of how many senders',
      }),
    },
    otherLine: (directive, known) =>
      directive.unknownOption(`unknown option '${directive.val()}'`, known).whole(),
  },
  finish,
)
