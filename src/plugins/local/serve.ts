// The shard half of local: selects the names, and makes the answers.

import { type AnswerParts, answer } from '../../chain/answer/answer.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Query } from '../../chain/query/query.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import type { Vector } from '../../metrics/registrar.ts'
import { type NameView, nameFromText, namesEqual } from '../../wire/name.ts'
import { RCODE_NXDOMAIN } from '../../wire/rcodes.ts'
import { rdataA, rdataAaaa, rdataSoa } from '../../wire/rdata.ts'
import { TYPE_A, TYPE_AAAA, TYPE_NS, TYPE_PTR, TYPE_SOA, typeToText } from '../../wire/rrtypes.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import type { LocalOptions } from './options.ts'

const TTL_SECONDS = 604_800

const wireOf = (name: string): Uint8Array => nameFromText(name)!

const LOCALHOST = wireOf('localhost.')
/** The first label of names that begin with it, its length byte included. */
const FIRST_LABEL = LOCALHOST.subarray(0, -1)
const LOOPBACK_NAME = wireOf('1.0.0.127.in-addr.arpa.')
/** `localhost` is the first. */
const ZONES = [LOCALHOST, ...['0', '127', '255'].map(byte => wireOf(`${byte}.in-addr.arpa.`))]

const LOOPBACK_V4 = rdataA('127.0.0.1')
const LOOPBACK_V6 = rdataAaaa('::1')
const SOA = rdataSoa({
  mname: LOCALHOST,
  rname: wireOf('root.localhost.'),
  serial: 1,
  refreshSeconds: 0,
  retrySeconds: 0,
  expireSeconds: 0,
  minimumSeconds: TTL_SECONDS,
})

type Data = Readonly<Record<number, Uint8Array>>

const ADDRESSES: Data = { [TYPE_A]: LOOPBACK_V4, [TYPE_AAAA]: LOOPBACK_V6 }
const APEX: Data = { [TYPE_SOA]: SOA, [TYPE_NS]: LOCALHOST }

export const serve = ({ hasPrefix }: LocalOptions, scope: ServeScope, counter: Vector): Stage => {
  const zones = new ZoneIndex(ZONES)
  const isLocalhost = (name: NameView): boolean => {
    const isLonger = name.length > LOCALHOST.length
    return isLonger && (zones.longest(name) === 0 || (hasPrefix && beginsWithLocalhost(name)))
  }
  return {
    concerns: ({ name }) => zones.holds(name) || (hasPrefix && beginsWithLocalhost(name)),
    wrap: () => query => {
      const { name, question } = query
      if (!isLocalhost(name)) return inZone(query, ZONES[zones.longest(name)]!)
      scope.log.debug(
        `Intercepting localhost query for "${question.name}" ${typeToText(question.type)}, from ${query.client.address}`,
      )
      scope.counters.add(counter.base)
      return ofName(query, ADDRESSES)
    },
  }
}

const beginsWithLocalhost = ({ bytes }: NameView): boolean => {
  for (let k = 0; k < FIRST_LABEL.length; k++) if (bytes[k] !== FIRST_LABEL[k]) return false
  return true
}

const inZone = (query: Query, zone: Uint8Array) => {
  const { folded, wire } = query.question
  if (folded.length === zone.length)
    return ofName(query, zone === LOCALHOST ? { ...ADDRESSES, ...APEX } : APEX)
  // The zone's name in the letters of the question.
  const origin = wire.subarray(-zone.length)
  return namesEqual(folded, LOOPBACK_NAME)
    ? ofName(query, { [TYPE_PTR]: LOCALHOST }, origin)
    : answer(query, { rcode: RCODE_NXDOMAIN, ...denial(origin) })
}

/** What the name has of the type, or that it has nothing. */
const ofName = (query: Query, data: Data, origin = query.question.wire) => {
  const { wire: owner, type } = query.question
  const rdata = data[type]
  if (rdata === undefined) return answer(query, denial(origin))
  return answer(query, { answers: [{ owner, type, ttlSeconds: TTL_SECONDS, rdata }] })
}

const denial = (owner: Uint8Array): AnswerParts => ({
  authorities: [{ owner, type: TYPE_SOA, ttlSeconds: TTL_SECONDS, rdata: SOA }],
})
