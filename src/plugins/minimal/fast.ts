// Hot path. The fast step of minimal: cuts answers off behind their answer section. Names point
// backwards only, so the rest stays valid.

import type { Asked } from '../../chain/query/asked.ts'
import type { FastQuery } from '../../chain/query/fast-query.ts'
import type { FastStep } from '../../chain/stage/fast-step.ts'
import {
  getAncount,
  getFlags,
  getNscount,
  getU16,
  MASK_RCODE,
  setArcount,
  setNscount,
} from '../../wire/header.ts'
import { RCODE_NOERROR } from '../../wire/rcodes.ts'
import { TYPE_AXFR, TYPE_IXFR, TYPE_NS, TYPE_SOA } from '../../wire/rrtypes.ts'

// Type and class stand before the TTL, the size of rdata behind it.
const TYPE_TO_TTL = 4
const TTL_SIZE = 4
const TTL_TO_RDATA = 6

/** All but transfers, whose messages are parts of a zone. */
export const concerns = ({ qtype }: Asked): boolean => qtype !== TYPE_AXFR && qtype !== TYPE_IXFR

export class FastMinimal implements FastStep {
  shape(query: FastQuery): boolean {
    const { out, outAt, ttlCount } = query
    const answers = getAncount(out, outAt)
    const hasMore = ttlCount > answers
    if (!hasMore || (getFlags(out, outAt) & MASK_RCODE) !== RCODE_NOERROR) return true
    return answers > 0 ? cut(query, answers) : isNegative(query)
  }
}

/** Of compressed answers the size without pointers is not known: these are the slow path's. */
const cut = (query: FastQuery, answers: number): boolean => {
  if (query.replyLength !== query.plainLength) return false
  const { out, outAt } = query
  const ttl = query.ttlOffsets[answers - 1]!
  const length = ttl + TTL_TO_RDATA + getU16(out, outAt + ttl + TTL_SIZE)
  setNscount(out, outAt, 0)
  setArcount(out, outAt, 0)
  query.ttlCount = answers
  query.replyLength = length
  query.plainLength = length
  return true
}

/** A denial or a referral. Whatever else has an empty answer section is the slow path's. */
const isNegative = (query: FastQuery): boolean => {
  const { out, outAt, ttlOffsets } = query
  for (let index = getNscount(out, outAt) - 1; index >= 0; index--) {
    const type = getU16(out, outAt + ttlOffsets[index]! - TYPE_TO_TTL)
    if (type === TYPE_SOA || type === TYPE_NS) return true
  }
  return false
}
