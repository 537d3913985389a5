// Hot path. An answer out of an entry: the stored bytes in a private copy with flags and TTLs set.
// Id and the question's case are the server's.

import type { CacheHit } from '../../../cache/hit.ts'
import { errorReply } from '../../../chain/answer/answer.ts'
import type { Asked } from '../../../chain/query/asked.ts'
import type { Query } from '../../../chain/query/query.ts'
import { Reply } from '../../../chain/reply/reply.ts'
import {
  FLAG_AA,
  FLAG_AD,
  FLAG_CD,
  FLAG_QR,
  FLAG_RA,
  FLAG_RD,
  getAncount,
  getArcount,
  getFlags,
  getNscount,
  MASK_RCODE,
  setFlags,
} from '../../../wire/header.ts'
import { readLayout } from '../../../wire/layout.ts'
import { RCODE_SERVFAIL } from '../../../wire/rcodes.ts'
import { withoutUnaskedOpt } from './own-opt.ts'
import { setTtls } from './ttl.ts'

/** Flags that come from the query, and those that come from the entry. */
const FROM_QUERY = FLAG_RD | FLAG_CD
const FROM_ENTRY = FLAG_RA | FLAG_AD | MASK_RCODE

/** The reply to a QUERY; `ttlSeconds` goes into every record. */
export const answerFromHit = (query: Query, hit: CacheHit, ttlSeconds: number): Reply => {
  const bytes = hit.message.slice()
  setFlags(bytes, 0, hitFlags(query, getFlags(bytes, 0)))
  setTtls(bytes, hit.ttlOffsets, ttlSeconds)
  const layout = readLayout(bytes)
  // Names may lead through a TTL, and with another one nowhere.
  if (layout === undefined) return errorReply(query, RCODE_SERVFAIL)
  const reply = new Reply(bytes, layout)
  return query.edns === undefined && hasOpt(bytes, 0, hit.ttlCount)
    ? withoutUnaskedOpt(reply)
    : reply
}

/** Whether the stored message at `at` has an OPT: one more record than it has TTLs. */
export const hasOpt = (bytes: Uint8Array, at: number, ttlCount: number): boolean =>
  getAncount(bytes, at) + getNscount(bytes, at) + getArcount(bytes, at) > ttlCount

/** AA is always set, as in CoreDNS: some clients discard answers without it. */
export const hitFlags = (query: Asked, stored: number): number =>
  (FLAG_QR | FLAG_AA | (query.flags & FROM_QUERY) | (stored & FROM_ENTRY)) & adMask(query)

/** AD goes only to those who asked for it by DO or AD (RFC 6840 section 5.8). */
export const adMask = (query: Asked): number =>
  query.do || (query.flags & FLAG_AD) !== 0 ? 0xffff : 0xffff & ~FLAG_AD
