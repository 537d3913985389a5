// Records of services by the type that is asked for (CoreDNS: plugin/k8s_external/msg_to_dns.go).

import type { RecordData } from '../../chain/answer/answer.ts'
import { copyRecords } from '../../chain/answer/record-copy.ts'
import type { ExternalItem } from '../../chain/offers/external-services.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Query } from '../../chain/query/query.ts'
import { FLAG_TC, getFlags } from '../../wire/header.ts'
import { nameToText } from '../../wire/name.ts'
import { rdataName, rdataSrv } from '../../wire/rdata.ts'
import { TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_PTR, TYPE_SRV } from '../../wire/rrtypes.ts'

export interface Found {
  readonly answers: readonly RecordData[]
  readonly additionals: readonly RecordData[]
  readonly isTruncated: boolean
}

export interface Given {
  readonly query: Query
  /** Wire form, lower case. */
  readonly zone: Uint8Array
  readonly items: readonly ExternalItem[]
  readonly ttlSeconds: number
  /** Of *kubernetes*: aliases and SRV records have it. */
  readonly clusterTtlSeconds: number
}

export const NO_PORT = -1
const FULL_WEIGHT = 100
const NONE: readonly RecordData[] = []

/** A or AAAA, each once; what is known by a name only is an alias, and asked for. */
export const addressRecords = (
  given: Given,
  resolve: ServeScope['resolve'],
): Found | Promise<Found> => {
  const { query, items, ttlSeconds, clusterTtlSeconds } = given
  const { type, wire: owner } = query.question
  const size = type === TYPE_A ? 4 : 16
  const seen = new Set<string>()
  const groups = items.flatMap(({ host }): (RecordData[] | Promise<Asked>)[] => {
    const bytes = 'address' in host ? host.address : host.name
    if (('address' in host && bytes.length !== size) || !isFirst(seen, bytes)) return []
    if ('address' in host) return [[{ owner, type, ttlSeconds, rdata: bytes }]]
    const alias = {
      owner,
      type: TYPE_CNAME,
      ttlSeconds: clusterTtlSeconds,
      rdata: rdataName(bytes),
    }
    return [
      ask(query, bytes, type, resolve).then(({ records, isTruncated }) => ({
        records: [alias, ...records],
        isTruncated,
      })),
    ]
  })
  const isHere = (group: RecordData[] | Promise<Asked>): group is RecordData[] =>
    Array.isArray(group)
  if (groups.every(isHere)) return { answers: groups.flat(), additionals: NONE, isTruncated: false }
  return gathered(groups)
}

interface Asked {
  readonly records: readonly RecordData[]
  readonly isTruncated: boolean
}

const gathered = async (
  groups: readonly (readonly RecordData[] | Promise<Asked>)[],
): Promise<Found> => {
  const asked = await Promise.all(groups)
  const seen = new Set<string>()
  return {
    // Names of load balancers may lead to each other.
    answers: asked
      .flatMap(group => ('records' in group ? group.records : group))
      .filter(({ owner, type, rdata }) =>
        isFirst(seen, Buffer.concat([owner, Uint8Array.of(type >> 8, type), rdata])),
      ),
    additionals: NONE,
    isTruncated: asked.some(group => 'records' in group && group.isTruncated),
  }
}

/** What the whole server says of a name: the answer section. */
const ask = async (
  query: Query,
  name: Uint8Array,
  type: number,
  resolve: ServeScope['resolve'],
): Promise<Asked> => {
  const reply = await resolve(query, nameToText(name), type)
  const { bytes } = reply
  if (bytes.length === 0) return { records: NONE, isTruncated: false }
  const { layout } = reply
  return {
    records: copyRecords(bytes, layout, layout.answerCount),
    isTruncated: (getFlags(bytes, 0) & FLAG_TC) !== 0,
  }
}

/**
 * The names of hosts that have an address lie in the zone; of one that has a name, this is the
 * target, and the whole server is asked for its addresses.
 */
export const srvRecords = (
  given: Given,
  resolve: ServeScope['resolve'],
): Found | Promise<Found> => {
  const { query, zone, items, ttlSeconds, clusterTtlSeconds } = given
  const { wire: owner } = query.question
  const weight = weightOf(items)
  const answers: RecordData[] = []
  const additionals: RecordData[] = []
  const asked: Promise<Asked>[] = []
  const seen = new Set<string>()
  for (const item of items) {
    const { host } = item
    if (item.port === NO_PORT) continue
    const target = targetOf(item, zone)
    const rdata = srvData(weight, item, zone)
    if (isFirst(seen, rdata))
      answers.push({ owner, type: TYPE_SRV, ttlSeconds: clusterTtlSeconds, rdata })
    const address = 'name' in host ? new Uint8Array(0) : host.address
    if (!isFirst(seen, Buffer.concat([target, address]))) continue
    if ('name' in host)
      for (const type of [TYPE_A, TYPE_AAAA]) asked.push(ask(query, target, type, resolve))
    else {
      const type = address.length === 4 ? TYPE_A : TYPE_AAAA
      additionals.push({ owner: target, type, ttlSeconds, rdata: address })
    }
  }
  const found = { answers, additionals, isTruncated: false }
  if (asked.length === 0) return found
  return Promise.all(asked).then(further => ({
    ...found,
    additionals: [...additionals, ...further.flatMap(({ records }) => records)],
  }))
}

export const weightOf = ({ length }: readonly ExternalItem[]): number =>
  Math.max(1, Math.floor(FULL_WEIGHT / Math.max(1, length)))

export const srvData = (weight: number, item: ExternalItem, zone: Uint8Array): Uint8Array =>
  rdataSrv(0, weight, item.port, targetOf(item, zone))

const targetOf = ({ host, owner }: ExternalItem, zone: Uint8Array): Uint8Array =>
  'name' in host ? host.name : Buffer.concat([owner, zone])

export const ptrRecords = ({ query, items, ttlSeconds }: Given, zone: Uint8Array): Found => ({
  answers: items.map(({ owner: labels }) => ({
    owner: query.question.wire,
    type: TYPE_PTR,
    ttlSeconds,
    rdata: Buffer.concat([labels, zone]),
  })),
  additionals: NONE,
  isTruncated: false,
})

/** Whether these bytes come by for the first time. */
export const isFirst = (seen: Set<string>, bytes: Uint8Array): boolean => {
  const text = Buffer.from(bytes).toString('latin1')
  if (seen.has(text)) return false
  seen.add(text)
  return true
}
