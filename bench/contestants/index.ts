// All that the suite can measure, in the order in which they take turns.

import { instead } from './built.ts'
import type { Contestant } from './contestant.ts'
import { coredns } from './coredns.ts'
import { dnsdist, dnsdistWithoutCache } from './dnsdist.ts'
import { dnsmasq } from './dnsmasq.ts'
import { echoC, echoDgram, echoMmsg } from './echo.ts'
import { kresd } from './kresd.ts'
import { named } from './named.ts'
import { pdnsRecursor } from './pdns-recursor.ts'
import { ENGINES, nameOf, shardns } from './shardns.ts'
import { unbound } from './unbound.ts'

export const BASELINE = 'unbound'

const fromSources = (): Contestant[] =>
  ENGINES.map(engine => shardns({ name: nameOf(engine), engine }))

/** `isBuilt`: shardns from its package, not from its sources. */
export const allContestants = (isBuilt = false): Contestant[] => [
  ...(isBuilt ? instead() : fromSources()),
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
