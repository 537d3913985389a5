// The result that a shard gives the others when its question to upstream is settled, in the 21 bits
// that a claim has for it (memory/claims.ts). Stored replies are found in the store. A reply
// without records is given by its flags word, a failure by its kind. For any other reply the shards
// have to ask upstream themselves.
//
//   0 nothing   1 << 16 | flags: a reply without records   2 << 16 | rcode << 8 | kind: a failure

import { ServerError } from '../../../chain/errors.ts'
import type { Query } from '../../../chain/query/query.ts'
import { Reply } from '../../../chain/reply/reply.ts'
import { TOLD_NOTHING } from '../../../memory/claims.ts'
import { FLAG_TC, getFlags, HEADER_SIZE, MASK_RCODE } from '../../../wire/header.ts'
import { RCODE_NOERROR, RCODE_NXDOMAIN } from '../../../wire/rcodes.ts'
import { MessageWriter } from '../../../wire/writer.ts'
import type { Outcome } from './intake.ts'

const REPLY = 1 << 16
const FAILURE = 2 << 16
const KINDS = [
  'OTHER',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_IO',
  'UPSTREAM_CLOSED',
  'UPSTREAM_MALFORMED',
  'NO_HEALTHY_UPSTREAM',
  'MAX_CONCURRENT',
]
const TIMEOUT = 1

export const tellOutcome = ({ reply }: Outcome): number => {
  if (reply.bytes.length < HEADER_SIZE) return TOLD_NOTHING
  const flags = getFlags(reply.bytes, 0)
  // A reply with TC is useless to the others: it asks the client to retry over TCP.
  return reply.layout.count === 0 || (flags & FLAG_TC) !== 0 ? REPLY | flags : TOLD_NOTHING
}

export const tellFailure = (error: unknown): number => {
  if (!(error instanceof ServerError)) return TOLD_NOTHING
  return FAILURE | (error.rcode << 8) | Math.max(0, KINDS.indexOf(error.code))
}

/**
 * The answer to `query` that `told` encodes; undefined if it encodes nothing. Throws if it encodes
 * a failure.
 */
export const outcomeFrom = (told: number, query: Query): Outcome | undefined => {
  if (told < REPLY) return undefined
  if (told >= FAILURE) {
    const kind = told & 0xff
    const cause = kind === TIMEOUT ? 'i/o timeout' : 'failed'
    throw new ServerError(
      KINDS[kind] ?? 'OTHER',
      `the same question, asked by another shard: ${cause}`,
      (told >>> 8) & 0xff,
    )
  }
  const flags = told & 0xffff
  const { wire, type, class: cls } = query.question
  const writer = new MessageWriter()
  writer.header(query.id, flags)
  writer.question(wire, type, cls)
  const rcode = flags & MASK_RCODE
  return {
    reply: new Reply(writer.finish()),
    isUsable: rcode === RCODE_NOERROR || rcode === RCODE_NXDOMAIN,
  }
}
