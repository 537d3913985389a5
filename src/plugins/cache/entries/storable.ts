// Decides whether a reply may be stored, in which table and for how long; store.ts stores it. The
// list of replies that are never stored is CoreDNS's; answers for a client's subnet are added to
// it.

import type { Clock } from '../../../base/time/clock.ts'
import { classify, hasAuthority, type ResponseType } from '../../../chain/answer/classify.ts'
import type { Asked } from '../../../chain/query/asked.ts'
import type { Query } from '../../../chain/query/query.ts'
import type { Reply } from '../../../chain/reply/reply.ts'
import { findOption, OPTION_ECS, readEdns } from '../../../wire/edns.ts'
import { FLAG_QR, FLAG_TC, getFlags, getQdcount } from '../../../wire/header.ts'
import { isQuestionOf, type Question } from '../../../wire/question.ts'
import { TYPE_SOA } from '../../../wire/rrtypes.ts'
import { ZoneIndex } from '../../../wire/zone-index.ts'
import type { CacheOptions } from '../options.ts'
import { answerChain } from './answer-chain.ts'
import { clampTtl, leastTtlSeconds } from './ttl.ts'
import { isOrdinary } from './upstream-key.ts'

export type TableName = 'success' | 'denial'

export interface Verdict {
  /** Undefined: not to be stored. */
  readonly table: TableName | undefined
  /** TTL in seconds for every record of the reply, stored or not. */
  readonly ttlSeconds: number
  /** NOERROR with records that answer the question. */
  readonly isPositive: boolean
  /** SERVFAIL or NOTIMP: never served stale, and outranked by any other entry. */
  readonly isFailure: boolean
  /** Of a kind that may be stored, but the reply to another question. */
  readonly isMismatch: boolean
}

/** The TTL of replies that have none of their own to go by, and of those that are no answers. */
const FALLBACK_TTL_SECONDS = 5

export class Judge {
  readonly #options: CacheOptions
  readonly #clock: Pick<Clock, 'wallMs'>
  readonly #disabled: Readonly<Record<TableName, ZoneIndex>>

  constructor(options: CacheOptions, clock: Pick<Clock, 'wallMs'>) {
    this.#options = options
    this.#clock = clock
    this.#disabled = {
      success: ZoneIndex.fromText(options.success.disabledZones),
      denial: ZoneIndex.fromText(options.denial.disabledZones),
    }
  }

  /** Whether no answer to this question may be stored, whatever it is. */
  neverStores({ name }: Asked): boolean {
    return this.#disabled.success.holds(name) && this.#disabled.denial.holds(name)
  }

  /** `reply` is not SILENCE. */
  judge(query: Query, reply: Reply): Verdict {
    const type = effectiveType(query, reply, this.#clock)
    const ttlSeconds = this.#ttl(type.response, reply)
    const isCandidate = ttlSeconds > 0 && isWhole(reply) && isKind(type.response)
    const matches = isCandidate && isReplyTo(query.question, reply)
    const table =
      matches && !isTailored(reply) && speaksForAll(query, type) ? tableFor(type, reply) : undefined
    return {
      table: table !== undefined && this.#disabled[table].holds(query.name) ? undefined : table,
      ttlSeconds,
      isPositive: type.response === 'NOERROR' && type.isComplete,
      isFailure: type.response === 'SERVERERROR',
      isMismatch: isCandidate && !matches,
    }
  }

  #ttl(type: ResponseType, reply: Reply): number {
    const { success, denial, servfailSeconds } = this.#options
    switch (type) {
      case 'SERVERERROR':
        return servfailSeconds
      case 'NXDOMAIN':
      case 'NODATA':
        return clampTtl(leastTtlSeconds(reply.layout) ?? FALLBACK_TTL_SECONDS, denial)
      case 'NOERROR':
        return clampTtl(leastTtlSeconds(reply.layout) ?? FALLBACK_TTL_SECONDS, success)
      default:
        return clampTtl(FALLBACK_TTL_SECONDS, success)
    }
  }
}

interface EffectiveType {
  readonly response: ResponseType
  /** For NOERROR with an answer section: whether it answers the question. */
  readonly isComplete: boolean
}

/**
 * The type of the reply. An answer section whose aliases lead to no record of the qtype counts as
 * no data.
 */
const effectiveType = (query: Query, reply: Reply, clock: Pick<Clock, 'wallMs'>): EffectiveType => {
  const response = classify(query, reply, clock)
  if (response !== 'NOERROR' || reply.layout.answerCount === 0)
    return { response, isComplete: false }
  const chain = answerChain(query.question, reply)
  if (chain === 'open' && hasAuthority(reply.layout, TYPE_SOA))
    return { response: 'NODATA', isComplete: false }
  return { response, isComplete: chain === 'complete' }
}

/** Whether replies of this type are ever stored. */
const isKind = (type: ResponseType): boolean =>
  type !== 'OTHERERROR' && type !== 'META' && type !== 'UPDATE'

const tableFor = ({ response, isComplete }: EffectiveType, reply: Reply): TableName | undefined => {
  switch (response) {
    case 'NOERROR':
      return isComplete || reply.layout.answerCount === 0 ? 'success' : undefined
    case 'DELEGATION':
      return 'success'
    case 'NODATA':
    case 'SERVERERROR':
      return 'denial'
    case 'NXDOMAIN':
      return hasAuthority(reply.layout, TYPE_SOA) ? 'denial' : undefined
    default:
      return undefined
  }
}

/**
 * An answer does; that there is none may be due to how this client asked (RD=0, a strange record).
 */
const speaksForAll = (query: Query, { response, isComplete }: EffectiveType): boolean =>
  isComplete || response === 'NXDOMAIN' || response === 'NODATA' || isOrdinary(query)

const isWhole = (reply: Reply): boolean => (getFlags(reply.bytes, 0) & FLAG_TC) === 0

const isReplyTo = (asked: Question, reply: Reply): boolean => {
  if ((getFlags(reply.bytes, 0) & FLAG_QR) === 0 || getQdcount(reply.bytes, 0) !== 1) return false
  return isQuestionOf(reply.bytes, asked)
}

/** In the data of the option. */
const SCOPE_OFFSET = 3

/**
 * Whether upstream says that the answer holds for one network only, by a scope above 0 (EDNS client
 * subnet, RFC 7871): the key has no subnet in it, so that another network would get it too.
 */
const isTailored = (reply: Reply): boolean => {
  if (reply.layout.optIndex < 0) return false
  const edns = readEdns(reply.bytes, reply.layout)
  if (edns === undefined || edns === 'malformed') return false
  const option = findOption(reply.bytes, edns, OPTION_ECS)
  return option !== undefined && (option[SCOPE_OFFSET] ?? 0) > 0
}
