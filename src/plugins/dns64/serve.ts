// The shard half of dns64: selects the replies to change, and makes AAAA records of A records.

import { fromHex } from '../../base/text/byte-text.ts'
import { answer, type RecordData } from '../../chain/answer/answer.ts'
import { optOf } from '../../chain/answer/edit.ts'
import { type Owners, recordAt } from '../../chain/answer/record-copy.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Query } from '../../chain/query/query.ts'
import { after } from '../../chain/reply/after.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import type { Vector } from '../../metrics/registrar.ts'
import { FLAG_TC, getFlags } from '../../wire/header.ts'
import { RCODE_NXDOMAIN } from '../../wire/rcodes.ts'
import { TYPE_A, TYPE_AAAA, TYPE_OPT, TYPE_SOA } from '../../wire/rrtypes.ts'
import { FastDns64, isAsked, isAskedByIpv6 } from './fast.ts'
import type { Dns64Options, Prefix } from './options.ts'

/** Of synthesised records where the reply without AAAA has no SOA (RFC 6147 section 5.1.7). */
const TTL_WITHOUT_SOA = 600

export const serve = (options: Dns64Options, scope: ServeScope, counter: Vector): Stage => {
  const positions = new Map(
    scope.block.listeners.map((listener, position) => [listener.index, position]),
  )
  const embed = embedder(options.prefix)

  const synthesised = async (query: Query, withoutAaaa: Reply): Promise<Reply> => {
    const { name } = query.question
    const addresses = await scope.resolve(query, name, TYPE_A)
    if (addresses.bytes.length === 0) return withoutAaaa
    const position = positions.get(query.listener.index)
    if (position !== undefined) scope.counters.add(counter.base + position * counter.step)
    return synthesise(query, addresses, mostSeconds(withoutAaaa), embed)
  }

  return {
    concerns: options.hasIpv4 ? isAsked : isAskedByIpv6,
    fast: new FastDns64(options.isForAll),
    wrap: next => query =>
      after(next(query), reply =>
        isEnough(reply, options.isForAll) ? reply : synthesised(query, reply),
      ),
  }
}

/**
 * These replies pass unchanged: silence, unwritten replies, names that do not exist, and replies
 * with addresses.
 */
const isEnough = (reply: Reply, isForAll: boolean): boolean => {
  if (!reply.isWritten || reply.bytes.length === 0 || reply.rcode === RCODE_NXDOMAIN) return true
  return !isForAll && hasAaaa(reply)
}

const hasAaaa = ({ layout }: Reply): boolean => {
  for (let index = 0; index < layout.answerCount; index++)
    if (layout.type(index) === TYPE_AAAA) return true
  return false
}

/** The TTL of the SOA record in the authority section. */
const mostSeconds = ({ layout }: Reply): number => {
  const { answerCount, authorityCount } = layout
  for (let index = answerCount + authorityCount - 1; index >= answerCount; index--)
    if (layout.type(index) === TYPE_SOA) return layout.ttl(index)
  return TTL_WITHOUT_SOA
}

type Embed = (address: Uint8Array) => Uint8Array

/** IPv4 addresses behind the prefix; the ninth byte stays zero (RFC 6052 section 2.2). */
const embedder = ({ hex, bits }: Prefix): Embed => {
  const prefix = fromHex(hex)
  return address => {
    const embedded = prefix.slice()
    let at = bits / 8
    for (const byte of address) {
      if (at === 8) at++
      embedded[at++] = byte
    }
    return embedded
  }
}

/** The reply to the query for A as one to the query for AAAA. */
const synthesise = (query: Query, reply: Reply, most: number, embed: Embed): Reply => {
  const { bytes, layout } = reply
  const owners: Owners = new Map()
  const sections: [RecordData[], RecordData[], RecordData[]] = [[], [], []]
  for (let index = 0; index < layout.count; index++) {
    const record = recordAt(bytes, layout, index, owners)
    const section = layout.sectionOf(index)
    if (record === undefined || record.type === TYPE_OPT) continue
    const isAddress = section === 0 && record.type === TYPE_A
    sections[section].push(isAddress ? translated(record, most, embed) : record)
  }
  const [answers, authorities, additionals] = sections
  return answer(query, {
    tc: (getFlags(bytes, 0) & FLAG_TC) !== 0,
    answers,
    authorities,
    additionals,
    ...(layout.optIndex >= 0 && { opt: optOf(reply) }),
  })
}

const translated = (record: RecordData, most: number, embed: Embed): RecordData => ({
  ...record,
  type: TYPE_AAAA,
  ttlSeconds: Math.min(record.ttlSeconds, most),
  rdata: embed(record.rdata),
})
