// All that the suite can measure, in the order in which they take turns.

import type { Contestant } from './contestant.ts'
import { coredns } from './coredns.ts'
import { dnsdist, dnsdistWithoutCache } from './dnsdist.ts'
import { dnsmasq } from './dnsmasq.ts'
import { echoC, echoDgram, echoMmsg } from './echo.ts'
import { kresd } from './kresd.ts'
import { named } from './named.ts'
import { pdnsRecursor } from './pdns-recursor.ts'
import { shardns } from './shardns.ts'
import { unbound } from './unbound.ts'

export const BASELINE = 'unbound'

export const allContestants = (): Contestant[] => [
  shardns({ name: 'shardns', engine: 'mmsg' }),
  shardns({ name: 'shardns-dgram', engine: 'dgram' }),
  unbound(),
  dnsdist(),
  dnsdistWithoutCache(),
  kresd(),
  pdnsRecursor(),
  named(),
  dnsmasq(),
  coredns(),
  echoDgram(),
  echoMmsg(),
  echoC(),
]
