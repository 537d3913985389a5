// What docs/plugins.md shows of stages, each whole; stages.test.ts runs them.

import { createHmac, type KeyObject } from 'node:crypto'
import { ipToText } from '../../src/base/ip.ts'
import { after } from '../../src/chain/after.ts'
import { answer, errorReply, type RecordData } from '../../src/chain/answer.ts'
import { edit, optOf } from '../../src/chain/edit.ts'
import { FAST_NEXT } from '../../src/chain/fast-step.ts'
import type { Stage } from '../../src/chain/handler.ts'
import { METADATA } from '../../src/chain/metadata.ts'
import type { Query } from '../../src/chain/query.ts'
import { renamed } from '../../src/chain/renamed.ts'
import type { Reply } from '../../src/chain/reply.ts'
import type { ServeScope } from '../../src/chain/serve-scope.ts'
import { makeOption } from '../../src/wire/edns.ts'
import { getArcount, setArcount } from '../../src/wire/header.ts'
import { countLabels, foldName, isSubname, nameFromText } from '../../src/wire/name.ts'
import { RCODE_NOERROR, RCODE_REFUSED } from '../../src/wire/rcodes.ts'
import { TYPE_A, TYPE_AAAA, TYPE_AXFR } from '../../src/wire/rrtypes.ts'
import { ZoneIndex } from '../../src/wire/zone-index.ts'

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

export const telling = ({ log }: Pick<ServeScope, 'log'>): Stage => ({
  wrap: next => query =>
    after(next(query), reply => {
      if (reply.rcode === RCODE_NOERROR && reply.layout.answerCount > 0)
        log.info(`${query.question.name} is at ${addressesIn(reply).join(', ')}`)
      return reply
    }),
})

export const cutting: Stage = {
  wrap: next => query =>
    after(next(query), reply => edit(reply, { keep: section => section === 0, ttl: 60 })),
}

const option = makeOption(65001, Uint8Array.of(1))

export const adding: Stage = {
  wrap: next => query =>
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

export const transferring = (zone: Zone): Stage => ({
  concerns: ({ name, qtype }) => qtype === TYPE_AXFR && zone.index.holds(name),
  // Over UDP, and where `stream` gives undefined.
  wrap: () => query => errorReply(query, RCODE_REFUSED),
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

export const signing = (key: KeyObject): Stage => ({
  wrap: next => next,
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

export const moving: Stage = {
  concerns: ({ name }) => zones.holds(name),
  wrap: next => query => {
    const other = query.with({ name: moved(query.question.wire, OLD, NEW) })
    return after(next(other), reply =>
      renamed(query, reply, { owner: owner => moved(owner, NEW, OLD) }),
    )
  },
}

export const counting = (scope: Pick<ServeScope, 'offer'>): Stage => {
  scope.offer(METADATA, (query, set) =>
    set('example/labels', () => `${countLabels(query.question.folded)}`),
  )
  return {
    wrap: next => query =>
      after(next(query), reply => {
        query.metadata?.set('example/answers', () => `${reply.layout.answerCount}`)
        return reply
      }),
  }
}

export const choosing: Stage = {
  accepts: ({ client }) => client.address.startsWith('10.'),
  wrap: next => next,
}

export const lowering = ({ sizeBytes }: { readonly sizeBytes: number }): Stage => ({
  concerns: ({ udpSize }) => udpSize > sizeBytes,
  fast: {
    ask: query => {
      query.lowerUdpSize(sizeBytes)
      return FAST_NEXT
    },
  },
  wrap: next => query => {
    query.lowerUdpSize(sizeBytes)
    return next(query)
  },
})
