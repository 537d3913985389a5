// What stands for every upstream in a warm-up: answers out of the question.

import { PLAIN_SERVING } from '../../chain/listening.ts'
import { DEFAULT_TCP_LIMITS, type Receiver, type Respond } from '../../net/engine.ts'
import {
  FLAG_QR,
  FLAG_RA,
  getArcount,
  getFlags,
  HEADER_SIZE,
  setAncount,
  setFlags,
  setU16,
  setU32,
} from '../../wire/header.ts'
import { qnameEnd } from '../../wire/question.ts'
import { CLASS_IN, TYPE_A } from '../../wire/rrtypes.ts'

const POINTER_TO_QUESTION = 0xc000 | HEADER_SIZE
/** Of an A record whose owner is a pointer. */
const RECORD_BYTES = 16
const TTL_SECONDS = 60
const ADDRESS = Uint8Array.of(192, 0, 2, 1)

/** To a question for A one record, to all others none; undefined for what is no question. */
export const replyTo = (query: Uint8Array): Uint8Array | undefined => {
  const nameEnd = qnameEnd(query, HEADER_SIZE, query.length)
  const end = nameEnd + 4
  if (nameEnd < 0 || end > query.length) return undefined
  const size = query[nameEnd + 1] === TYPE_A ? RECORD_BYTES : 0
  const reply = new Uint8Array(query.length + size)
  reply.set(query.subarray(0, end))
  setFlags(reply, 0, getFlags(query, 0) | FLAG_QR | FLAG_RA)
  if (size > 0) {
    setAncount(reply, 0, 1)
    setU16(reply, end, POINTER_TO_QUESTION)
    setU16(reply, end + 2, TYPE_A)
    setU16(reply, end + 4, CLASS_IN)
    setU32(reply, end + 6, TTL_SECONDS)
    setU16(reply, end + 10, ADDRESS.length)
    reply.set(ADDRESS, end + 12)
  }
  if (getArcount(query, 0) > 0) reply.set(query.subarray(end), end + size)
  return reply
}

/** An upstream as a receiver of the shard's engine. */
export const upstream: Receiver = {
  listener: { index: 0, label: '' },
  tcpLimits: DEFAULT_TCP_LIMITS,
  serving: PLAIN_SERVING,
  fast: () => 0,
  batchSent: () => {},
  receive: (bytes: Uint8Array, _transport, _client, _local, respond: Respond) =>
    respond(replyTo(bytes)),
}
