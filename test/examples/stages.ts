// What docs/plugins.md shows of stages, each whole; stages.test.ts runs them.

import { createHmac, type KeyObject } from 'node:crypto'
import {
  after,
  answer,
  edit,
  errorReply,
  FAST_NEXT,
  type HandlingStage,
  METADATA,
  optOf,
  type Query,
  type RecordData,
  type Reply,
  renamed,
  type ServeScope,
} from '../../src/index.ts'
import {
  countLabels,
  foldName,
  getArcount,
  ipToText,
  isSubname,
  makeOption,
  nameFromText,
  RCODE_NOERROR,
  setArcount,
  TYPE_A,
  TYPE_AAAA,
  TYPE_AXFR,
  ZoneIndex,
} from '../../src/wire.ts'

/** Addresses among the answers, as text. */
const addressesIn = ({ bytes, layout }: Reply): string[] => {
  const found: string[] = []
  for (let index = 0; index < layout.answerCount; index++) {
    const type = layout.type(index)
    if (type !== TYPE_A && type !== TYPE_AAAA) continue
    const at = layout.rdataOffset(index)
    found.push(ipToText(bytes.subarray(at, at + layout.rdataLength(index))))
  }
  return found
}

export const telling = ({ log }: Pick<ServeScope, 'log'>): HandlingStage => ({
  handle: (query, next) =>
    after(next(query), reply => {
      if (reply.rcode === RCODE_NOERROR && reply.layout.answerCount > 0)
        log.info(`${query.question.name} is at ${addressesIn(reply).join(', ')}`)
      return reply
    }),
})

export const cutting: HandlingStage = {
  handle: (query, next) =>
    after(next(query), reply => edit(reply, { keep: section => section === 0, ttl: 60 })),
}

const option = makeOption(65001, Uint8Array.of(1))

export const adding: HandlingStage = {
  handle: (query, next) =>
    after(next(query), reply => {
      if (query.edns === undefined) return reply
      const own = optOf(reply)
      return edit(reply, { opt: { ...own, options: Buffer.concat([own.options, option]) } })
    }),
}

export interface Zone {
  readonly index: ZoneIndex
  readonly soa: RecordData
  /** All others. */
  readonly records: readonly RecordData[]
  /** Addresses of the clients that may have it. */
  readonly clients: readonly string[]
}

export const transferring = (zone: Zone): HandlingStage => ({
  concerns: ({ name, qtype }) => qtype === TYPE_AXFR && zone.index.holds(name),
  // Over UDP, and where `stream` gives undefined.
  handle: query => errorReply(query, 'REFUSED'),
  stream: query =>
    zone.clients.includes(query.client.address) ? messagesOf(query, zone) : undefined,
})

async function* messagesOf(query: Query, { soa, records }: Zone): AsyncGenerator<Reply> {
  yield answer(query, { aa: true, answers: [soa] })
  for (let at = 0; at < records.length; at += 100)
    yield answer(query, { aa: true, answers: records.slice(at, at + 100) })
  yield answer(query, { aa: true, answers: [soa] })
}

/** Root, a type for private use, class IN, TTL 0, 32 bytes. */
const HEAD = [0, 0xff, 0x00, 0, 1, 0, 0, 0, 0, 0, 32]
const SIGNATURE_BYTES = HEAD.length + 32

export const signing = (key: KeyObject): HandlingStage => ({
  reserves: SIGNATURE_BYTES,
  leaving(_query, bytes) {
    const signature = createHmac('sha256', key).update(bytes).digest()
    const signed = new Uint8Array(bytes.length + SIGNATURE_BYTES)
    signed.set(bytes)
    signed.set(HEAD, bytes.length)
    signed.set(signature, bytes.length + HEAD.length)
    setArcount(signed, 0, getArcount(bytes, 0) + 1)
    return signed
  },
})

const OLD = nameFromText('old.example.')!
const NEW = nameFromText('new.example.')!
const zones = new ZoneIndex([OLD])

/** The name with `to` at its end in place of `from`, if it ends in that. */
const moved = (name: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array =>
  isSubname(foldName(name), from)
    ? Uint8Array.from([...name.subarray(0, -from.length), ...to])
    : name

export const moving: HandlingStage = {
  concerns: ({ name }) => zones.holds(name),
  handle: (query, next) => {
    const other = query.with({ name: moved(query.question.wire, OLD, NEW) })
    return after(next(other), reply =>
      renamed(query, reply, { owner: owner => moved(owner, NEW, OLD) }),
    )
  },
}

export const counting = (scope: Pick<ServeScope, 'offer'>): HandlingStage => {
  scope.offer(METADATA, (query, set) =>
    set('example/labels', () => `${countLabels(query.question.folded)}`),
  )
  return {
    handle: (query, next) =>
      after(next(query), reply => {
        query.metadata?.set('example/answers', () => `${reply.layout.answerCount}`)
        return reply
      }),
  }
}

export const choosing: HandlingStage = {
  accepts: ({ client }) => client.address.startsWith('10.'),
}

export const lowering = ({ sizeBytes }: { readonly sizeBytes: number }): HandlingStage => ({
  concerns: ({ udpSize }) => udpSize > sizeBytes,
  fast: {
    ask: query => {
      query.lowerUdpSize(sizeBytes)
      return FAST_NEXT
    },
  },
  handle: (query, next) => {
    query.lowerUdpSize(sizeBytes)
    return next(query)
  },
})
