// Decisions from the 12-byte header alone, like the MsgAcceptFunc of CoreDNS's DNS library, and
// replies that consist of little more than a header.

import {
  FLAG_CD,
  FLAG_QR,
  FLAG_RD,
  getAncount,
  getArcount,
  getFlags,
  getId,
  getNscount,
  getQdcount,
  HEADER_SIZE,
  MASK_OPCODE,
  OPCODE_NOTIFY,
  OPCODE_QUERY,
  opcodeOf,
  setFlags,
  setId,
  setQdcount,
} from '../../wire/header.ts'
import type { Question } from '../../wire/question.ts'
import { RCODE_FORMERR, RCODE_NOTIMP } from '../../wire/rcodes.ts'

/**
 * Echo, discard, daytime, chargen, time: a query from such a port is forged to make two machines
 * reply to each other for ever.
 */
export const LOOPING_PORTS: ReadonlySet<number> = new Set([0, 7, 13, 19, 37])
export const HIGHEST_LOOPING_PORT = Math.max(...LOOPING_PORTS)

/** The decision on a message by its header: process it, drop it, or answer with an rcode. */
export type HeaderVerdict = 'take' | 'drop' | typeof RCODE_FORMERR | typeof RCODE_NOTIMP

export const judgeHeader = (bytes: Uint8Array): HeaderVerdict => {
  if (bytes.length < HEADER_SIZE) return 'drop'
  const flags = getFlags(bytes, 0)
  // Never answer an answer: two servers would go on for ever (CVE-2024-2169).
  if ((flags & FLAG_QR) !== 0) return 'drop'
  const opcode = opcodeOf(flags)
  if (opcode !== OPCODE_QUERY && opcode !== OPCODE_NOTIFY) return RCODE_NOTIMP
  if (getQdcount(bytes, 0) !== 1) return RCODE_FORMERR
  if (getAncount(bytes, 0) > 1 || getNscount(bytes, 0) > 1 || getArcount(bytes, 0) > 2)
    return RCODE_FORMERR
  return 'take'
}

/**
 * A reply with the request's opcode, RD and CD, no records, and the question if it could be read.
 * FORMERR is always opcode QUERY.
 */
export const headerReply = (
  request: Uint8Array,
  rcode: number,
  question?: Question,
): Uint8Array => {
  const end = question?.end ?? HEADER_SIZE
  const reply = new Uint8Array(end)
  let flags = (getFlags(request, 0) & (MASK_OPCODE | FLAG_RD | FLAG_CD)) | FLAG_QR | rcode
  if (rcode === RCODE_FORMERR) flags &= ~MASK_OPCODE
  setId(reply, 0, getId(request, 0))
  setFlags(reply, 0, flags)
  if (question !== undefined) {
    reply.set(request.subarray(HEADER_SIZE, end), HEADER_SIZE)
    setQdcount(reply, 0, 1)
  }
  return reply
}
