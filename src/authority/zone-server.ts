// Answers from zones on the slow path, as CoreDNS's *file* and *auto* give them: the zone's own
// answer (zone/lookup.ts), and for targets of aliases outside of the zone the answer of the whole
// server.

import { answer, type RecordData, unwritten } from '../chain/answer/answer.ts'
import { copyRecords } from '../chain/answer/record-copy.ts'
import type { ServeScope } from '../chain/plugin/serve-scope.ts'
import { isTransfer, type Query } from '../chain/query/query.ts'
import { type Reply, SILENCE } from '../chain/reply/reply.ts'
import type { Handler } from '../chain/stage/handler.ts'
import type { Logger } from '../log/logger.ts'
import { OPCODE_NOTIFY, opcodeOf } from '../wire/header.ts'
import { nameToText } from '../wire/name.ts'
import { RCODE_NOERROR, RCODE_REFUSED, RCODE_SERVFAIL } from '../wire/rcodes.ts'
import { CLASS_IN } from '../wire/rrtypes.ts'
import type { ZoneIndex } from '../wire/zone-index.ts'
import {
  canFallThrough,
  completeAlias,
  lookup,
  type ZoneAnswer,
  type ZoneQuestion,
} from '../zone/lookup.ts'
import { type RRset, recordsOf, ZoneTree } from '../zone/tree.ts'
import { NO_ZONE, NOT_LOADED, type ServedZones } from './served-zones.ts'

export interface ZoneServerParts {
  readonly zones: ServedZones
  /** Names that go on to the next plugin if the zone does not have them. */
  readonly fall: ZoneIndex
  /** There is no next plugin: names outside of the zones are refused. */
  readonly isLast: boolean
  /** A NOTIFY is logged and dropped; otherwise it is answered like a query. */
  readonly dropsNotify: boolean
  /** A referral that an alias has led to has no AA. */
  readonly clearsReferrals: boolean
  readonly resolve: ServeScope['resolve']
  readonly log: Logger
}

export class ZoneServer {
  readonly #parts: ZoneServerParts

  constructor(parts: ZoneServerParts) {
    this.#parts = parts
  }

  respond(query: Query, next: Handler): Reply | Promise<Reply> {
    const { zones, isLast, dropsNotify } = this.#parts
    const at = zones.find(query.name)
    if (at === NO_ZONE) return isLast ? unwritten(query, RCODE_REFUSED) : next(query)
    // Who may transfer a zone is for the plugin to say that stands in front for it.
    if (isTransfer(query.qtype)) return unwritten(query, RCODE_REFUSED)
    if (dropsNotify && opcodeOf(query.flags) === OPCODE_NOTIFY) return this.#dropNotify(query)
    if (at === NOT_LOADED) return unwritten(query, RCODE_SERVFAIL)
    const tree = new ZoneTree(zones.bytes.buffer, at)
    const question = {
      qname: query.question.folded,
      qtype: query.qtype,
      withDnssec: query.do,
      aliasDepth: query.depth,
    }
    const found = lookup(tree, question)
    if (found.chase !== undefined) return this.#chased(query, question, owned(found), found.chase)
    if (canFallThrough(found) && this.#parts.fall.holds(query.name)) return next(query)
    return this.#reply(query, found)
  }

  #dropNotify(query: Query): Reply {
    const zone = nameToText(query.question.folded)
    this.#parts.log.info(`Dropping notify from ${query.client.address} for ${zone}`)
    return SILENCE
  }

  /** The zone may have become another one meanwhile, or have gone. */
  async #chased(
    query: Query,
    question: ZoneQuestion,
    alias: ZoneAnswer,
    target: Uint8Array,
  ): Promise<Reply> {
    const { zones, resolve } = this.#parts
    const reply = await resolve(query, nameToText(target), question.qtype)
    const isSilent = reply.bytes.length === 0
    const records = isSilent ? [] : copyRecords(reply.bytes, reply.layout, reply.layout.answerCount)
    const at = zones.find(query.name)
    if (at === NO_ZONE || at === NOT_LOADED) return unwritten(query, RCODE_SERVFAIL)
    const tree = new ZoneTree(zones.bytes.buffer, at)
    const rcode = isSilent ? RCODE_NOERROR : reply.rcode
    return this.#reply(query, completeAlias(tree, question, alias, rcode, records.map(inFull)))
  }

  #reply(query: Query, found: ZoneAnswer): Reply {
    const { rcode, answer: answers, authority, additional, wildcard, outcome } = found
    if (rcode === RCODE_SERVFAIL && answers.length === 0) return unwritten(query, RCODE_SERVFAIL)
    if (wildcard !== undefined) query.metadata?.set('zone/wildcard', () => nameToText(wildcard))
    const aa = found.isAuthoritative && !(this.#parts.clearsReferrals && outcome === 'delegation')
    return answer(query, {
      rcode,
      aa,
      answers: recordsOfAll(answers),
      authorities: recordsOfAll(authority),
      additionals: recordsOfAll(additional),
    })
  }
}

const recordsOfAll = (sets: readonly RRset[]): RecordData[] => sets.flatMap(recordsOf)

const inFull = ({ owner, type, class: cls, ttlSeconds, rdata }: RecordData) => ({
  owner,
  type,
  class: cls ?? CLASS_IN,
  ttlSeconds,
  rdata,
})

/** An alias that is kept while its target is asked for: nothing in it is the zone's memory. */
const owned = (alias: ZoneAnswer): ZoneAnswer => ({
  ...alias,
  answer: alias.answer.map(({ owner, type, bytes, start, end }) => ({
    owner: owner.slice(),
    type,
    bytes: bytes.slice(start, end),
    start: 0,
    end: end - start,
  })),
})
