// How long an HTTP cache may keep an answer (RFC 8484 section 5.1), by CoreDNS's rules: the least
// TTL of an answer or a denial, and a short time for everything else.

import { classify } from '../../chain/answer/classify.ts'
import { Reply } from '../../chain/reply/reply.ts'
import { getU16, HEADER_SIZE } from '../../wire/header.ts'
import { readLayout } from '../../wire/layout.ts'
import { TYPE_OPT } from '../../wire/rrtypes.ts'

/** For errors, delegations, transfers, and messages without records. */
const OTHERWISE_SECONDS = 5
const MOST_SECONDS = 3600
/** Type and class, at the end of a question. */
const FIXED_BYTES = 4

const HAS_TTLS: ReadonlySet<string> = new Set(['NOERROR', 'NXDOMAIN', 'NODATA'])

/** Seconds. */
export const maxAge = (answer: Uint8Array): number => {
  const layout = readLayout(answer)
  if (layout === undefined || layout.count === layout.optCount) return OTHERWISE_SECONDS
  const { questionEnd } = layout
  const type = questionEnd > HEADER_SIZE ? getU16(answer, questionEnd - FIXED_BYTES) : 0
  if (!HAS_TTLS.has(classify({ question: { type } }, new Reply(answer, layout))))
    return OTHERWISE_SECONDS
  let least = MOST_SECONDS
  for (let index = 0; index < layout.count; index++)
    if (layout.type(index) !== TYPE_OPT) least = Math.min(least, layout.ttl(index))
  return least
}
