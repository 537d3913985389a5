// Classifies replies by CoreDNS's response types. `cache` decides by the type what to store, `log`
// which queries to log.

import { type Clock, systemClock } from '../../base/time/clock.ts'
import { getFlags, getU32, OPCODE_NOTIFY, OPCODE_UPDATE, opcodeOf } from '../../wire/header.ts'
import type { MessageLayout } from '../../wire/layout.ts'
import { RCODE_NOERROR, RCODE_NOTIMP, RCODE_NXDOMAIN, RCODE_SERVFAIL } from '../../wire/rcodes.ts'
import { TYPE_AXFR, TYPE_IXFR, TYPE_NS, TYPE_RRSIG, TYPE_SOA } from '../../wire/rrtypes.ts'
import type { Query } from '../query/query.ts'
import type { Reply } from '../reply/reply.ts'

export type ResponseType =
  | 'NOERROR'
  | 'NODATA'
  | 'NXDOMAIN'
  | 'DELEGATION'
  | 'SERVERERROR'
  | 'META'
  | 'UPDATE'
  | 'OTHERERROR'

export type ResponseClass = 'success' | 'denial' | 'error'

/** The DO bit where an OPT record has the TTL (RFC 6891 section 6.1.3). */
const OPT_TTL_DO = 0x8000
const RRSIG_EXPIRATION = 8
const RRSIG_INCEPTION = 12
const RRSIG_FIXED_SIZE = 18

/**
 * The type of a reply that is not SILENCE. The clock's wall time is read only to judge signatures,
 * when the reply's OPT has DO.
 */
export const classify = (
  query: { readonly question: Pick<Query['question'], 'type'> },
  reply: Reply,
  clock: Pick<Clock, 'wallMs'> = systemClock,
): ResponseType => {
  const opcode = opcodeOf(getFlags(reply.bytes, 0))
  if (opcode === OPCODE_UPDATE) return 'UPDATE'
  const qtype = query.question.type
  if (opcode === OPCODE_NOTIFY || qtype === TYPE_AXFR || qtype === TYPE_IXFR) return 'META'

  const { layout } = reply
  const { rcode } = reply
  if (
    wantsDnssec(layout) &&
    hasSignatureOutOfTime(reply.bytes, layout, Math.floor(clock.wallMs() / 1000))
  )
    return 'OTHERERROR'
  if (layout.answerCount > 0)
    return rcode === RCODE_NOERROR ? 'NOERROR' : typeWithoutAuthority(rcode, true)
  if (rcode === RCODE_NOERROR) return typeOfEmptyAnswer(layout)
  return typeWithoutAuthority(rcode, false)
}

const typeOfEmptyAnswer = (layout: MessageLayout): ResponseType => {
  if (hasAuthority(layout, TYPE_SOA)) return 'NODATA'
  return hasAuthority(layout, TYPE_NS) ? 'DELEGATION' : 'NOERROR'
}

const typeWithoutAuthority = (rcode: number, hasAnswer: boolean): ResponseType => {
  if (rcode === RCODE_NXDOMAIN) return hasAnswer ? 'OTHERERROR' : 'NXDOMAIN'
  return rcode === RCODE_SERVFAIL || rcode === RCODE_NOTIMP ? 'SERVERERROR' : 'OTHERERROR'
}

/** A resolver may cache success and denial; everything else is an error. */
export const classOf = (type: ResponseType): ResponseClass => {
  if (type === 'NOERROR' || type === 'DELEGATION') return 'success'
  return type === 'NXDOMAIN' || type === 'NODATA' ? 'denial' : 'error'
}

/** Whether the authority section has a record of `type`. */
export const hasAuthority = (layout: MessageLayout, type: number): boolean => {
  const end = layout.answerCount + layout.authorityCount
  for (let i = layout.answerCount; i < end; i++) {
    if (layout.type(i) === type) return true
  }
  return false
}

const wantsDnssec = (layout: MessageLayout): boolean =>
  layout.optIndex >= 0 && (layout.ttl(layout.optIndex) & OPT_TTL_DO) !== 0

const hasSignatureOutOfTime = (
  bytes: Uint8Array,
  layout: MessageLayout,
  nowSeconds: number,
): boolean => {
  for (let i = 0; i < layout.count; i++) {
    if (layout.type(i) !== TYPE_RRSIG || layout.rdataLength(i) < RRSIG_FIXED_SIZE) continue
    const at = layout.rdataOffset(i)
    // Serial number arithmetic, RFC 4034 section 3.1.5.
    const untilExpiration = (getU32(bytes, at + RRSIG_EXPIRATION) - nowSeconds) | 0
    const sinceInception = (nowSeconds - getU32(bytes, at + RRSIG_INCEPTION)) | 0
    if (untilExpiration < 0 || sinceInception < 0) return true
  }
  return false
}
