// Hot path. Turns a plugin's reply into the bytes that are sent. It sets the query's id and
// question, rebuilds OPT, and compresses and truncates replies that are too large for the client,
// as CoreDNS's request.Scrub does. A reply that fits is sent as it is: compressed names stay
// compressed.

import { EDNS_DO, readEdns } from '../../wire/edns.ts'
import { FLAG_TC, getFlags, HEADER_SIZE, setId } from '../../wire/header.ts'
import { type OptParts, optSize } from '../../wire/opt-record.ts'
import { RCODE_SERVFAIL } from '../../wire/rcodes.ts'
import type { Query } from '../query/query.ts'
import type { Reply } from '../reply/reply.ts'
import { errorReply } from './answer.ts'
import { copyWithOpt, writeAnew } from './edit.ts'

const UDP_PLAIN_LIMIT_V4 = 1480
const UDP_PLAIN_LIMIT_V6 = 1220
/** Larger UDP replies are compressed, so that they travel in one packet. */
export const plainLimit = (family: 4 | 6): number =>
  family === 4 ? UDP_PLAIN_LIMIT_V4 : UDP_PLAIN_LIMIT_V6

/**
 * The message for this query's client, in new bytes; undefined for silence. A client without EDNS
 * gets SERVFAIL in place of an rcode above 15.
 */
export const finishReply = (query: Query, reply: Reply): Uint8Array | undefined => {
  if (reply.bytes.length === 0) return undefined
  if (query.edns === undefined && reply.rcode > 15) return errorReply(query, RCODE_SERVFAIL).bytes
  const opt = optFor(query, reply)
  const room = roomFor(query)
  const limit = query.isDatagram
    ? Math.min(room, plainLimit(query.client.family) - query.reservedBytes)
    : room
  return asItIs(query, reply, opt, limit) ?? rewritten(query, reply, opt, room)
}

/** Bytes for a reply: at least question and OPT, whatever is reserved. */
const roomFor = (query: Query): number =>
  Math.max(query.question.end + optSize(0), query.replyLimit - query.reservedBytes)

/** The flags word that is sent: with TC if the reply does not fit its client. */
export const flagsToLeave = (query: Query, reply: Reply): number => {
  const flags = getFlags(reply.bytes, 0)
  const isCertainToFit =
    (!query.isDatagram && query.reservedBytes === 0) ||
    reply.layout.uncompressedLength + optSize(0) <= roomFor(query)
  if (isCertainToFit || (flags & FLAG_TC) !== 0) return flags
  return getFlags(finishReply(query, reply) ?? reply.bytes, 0)
}

/** The OPT to send; undefined to leave the reply's additional section alone. */
const optFor = (query: Query, reply: Reply): OptParts | undefined => {
  const { edns } = query
  if (edns === undefined) return undefined
  const own = readEdns(reply.bytes, reply.layout)
  if (own === undefined || own === 'malformed') {
    // None of the client's options is echoed: a plugin that handles one makes its own OPT (RFC 6891
    // section 6.1.2).
    return { udpSize: edns.udpSize, flags: edns.do ? EDNS_DO : 0 }
  }
  const options = reply.bytes.subarray(own.optionsOffset, own.optionsOffset + own.optionsLength)
  // The other flags are to be zero (RFC 6891 section 6.1.4).
  const flags = edns.do ? EDNS_DO : own.flags & EDNS_DO
  return { udpSize: edns.udpSize, extendedRcode: own.extendedRcode, flags, options }
}

/** The reply's own bytes with id, question and OPT set; undefined if they do not fit. */
const asItIs = (
  query: Query,
  reply: Reply,
  opt: OptParts | undefined,
  limit: number,
): Uint8Array | undefined => {
  const bytes = copyWithOpt(reply, opt, limit)
  if (bytes === undefined) return undefined
  setId(bytes, 0, query.id)
  const { question } = query
  if (reply.layout.questionEnd === question.end)
    for (let at = HEADER_SIZE; at < question.end; at++) bytes[at] = query.bytes[at]!
  return bytes
}

/**
 * Writes the reply again with compression, record by record while they fit; TC if any is left out.
 */
const rewritten = (
  query: Query,
  reply: Reply,
  opt: OptParts | undefined,
  limit: number,
): Uint8Array =>
  writeAnew(reply, {
    id: query.id,
    question: query.question,
    flags: getFlags(reply.bytes, 0),
    opt,
    compress: true,
    limit,
  }).bytes
