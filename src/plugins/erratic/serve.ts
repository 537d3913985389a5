// The shard half of erratic: which queries are answered, when, and with what.

import { wait } from '../../base/time/timers.ts'
import { answer, type RecordData, unwritten } from '../../chain/answer/answer.ts'
import { SEARCH_PATHS, type SearchPaths } from '../../chain/offers/search-paths.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Query } from '../../chain/query/query.ts'
import { type Reply, SILENCE } from '../../chain/reply/reply.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import { MAX_NAME_SIZE, nameFromText } from '../../wire/name.ts'
import { RCODE_SERVFAIL } from '../../wire/rcodes.ts'
import { rdataA, rdataAaaa, rdataSoa } from '../../wire/rdata.ts'
import { TYPE_A, TYPE_AAAA, TYPE_AXFR, TYPE_NS, TYPE_SOA } from '../../wire/rrtypes.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import type { ErraticOptions } from './options.ts'

const LARGE_COUNT = 30

const SEARCHED = ['a.example.org.', 'b.example.org.', '.'].map(name => nameFromText(name)!)
const firstSearched = new ZoneIndex(SEARCHED.slice(0, 1))

/** The same for all clients. */
const searchPaths: SearchPaths = {
  plugin: 'erratic',
  concerns: ({ name }) => firstSearched.holds(name),
  of: () => SEARCHED,
}

export const serve = (options: ErraticOptions, scope: ServeScope, word: number): Stage => {
  const { drop, truncate, delay, delayMs, isLarge } = options
  const { words, clock } = scope
  scope.offer(SEARCH_PATHS, searchPaths)

  const late = async (query: Query, reply: Reply): Promise<Reply> => {
    query.mustWait()
    const leftMs = query.deadlineMs - clock.ms()
    await wait(Math.min(delayMs, leftMs), query.signal)
    return delayMs <= leftMs ? reply : SILENCE
  }

  return {
    wrap: () => query => {
      const number = Atomics.add(words, word, 1) >>> 0
      const isDue = (amount: number): boolean => amount > 0 && number % amount === 0
      if (isDue(drop)) return SILENCE
      const reply = answerTo(query, isDue(truncate), isLarge)
      return isDue(delay) ? late(query, reply) : reply
    },
  }
}

const answerTo = (query: Query, isTruncated: boolean, isLarge: boolean): Reply => {
  const { wire: owner, type } = query.question
  if (type === TYPE_AXFR) {
    const zone = zoneOf(owner)
    const end = isTruncated ? [] : zone.slice(0, 1)
    return answer(query, { aa: true, answers: [...zone, ...end] })
  }
  const rdata = ADDRESSES[type]
  if (rdata === undefined) return unwritten(query, RCODE_SERVFAIL)
  const record = { owner, type, ttlSeconds: 0, rdata }
  const count = isLarge && type === TYPE_A ? LARGE_COUNT : 1
  const answers = Array.from({ length: count }, () => record)
  return answer(query, { aa: true, tc: isTruncated, answers })
}

const ADDRESSES: Readonly<Record<number, Uint8Array>> = {
  [TYPE_A]: rdataA('192.0.2.53'),
  [TYPE_AAAA]: rdataAaaa('2001:db8::53'),
}

const SOA = rdataSoa({
  mname: nameFromText('sns.dns.icann.org.')!,
  rname: nameFromText('noc.dns.icann.org.')!,
  serial: 2_018_050_825,
  refreshSeconds: 7200,
  retrySeconds: 3600,
  expireSeconds: 1_209_600,
  minimumSeconds: 3600,
})

const SERVERS: readonly (readonly [name: string, address: string])[] = [
  ['a', '2001:bd8::53'],
  ['b', '2001:500::54'],
]

/** The zone without its closing SOA; without its servers if there is no room for their names. */
const zoneOf = (owner: Uint8Array): RecordData[] => {
  const record = (name: Uint8Array, type: number, rdata: Uint8Array): RecordData => ({
    owner: name,
    type,
    ttlSeconds: 0,
    rdata,
  })
  const servers = SERVERS.map(([label, address]) => ({
    name: Uint8Array.of(1, label.charCodeAt(0), ...owner),
    address: rdataAaaa(address),
  })).filter(({ name }) => name.length <= MAX_NAME_SIZE)
  return [
    record(owner, TYPE_SOA, SOA),
    ...servers.map(({ name }) => record(owner, TYPE_NS, name)).reverse(),
    ...servers.map(({ name, address }) => record(name, TYPE_AAAA, address)),
  ]
}
