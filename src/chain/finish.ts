// Hot path. From a plugin's reply to the bytes that leave: the query's id and question, OPT
// rebuilt, and what is too large for the client compressed and truncated, as CoreDNS's
// request.Scrub does. A reply that fits is sent as it is: compressed names stay compressed.

import { EDNS_DO, readEdns } from '../wire/edns.ts'
import { FLAG_TC, getArcount, getFlags, HEADER_SIZE, setArcount, setId } from '../wire/header.ts'
import type { MessageLayout } from '../wire/layout.ts'
import { writeOpt } from '../wire/opt-record.ts'
import { RCODE_SERVFAIL } from '../wire/rcodes.ts'
import { TYPE_OPT } from '../wire/rrtypes.ts'
import { MessageWriter, type OptParts, optSize, type Section } from '../wire/writer.ts'
import { errorReply } from './answer.ts'
import type { Query } from './query.ts'
import type { Reply } from './reply.ts'

const UDP_PLAIN_LIMIT_V4 = 1480
const UDP_PLAIN_LIMIT_V6 = 1220
/** Larger UDP replies are compressed, so that they travel in one packet. */
export const plainLimit = (family: 4 | 6): number =>
  family === 4 ? UDP_PLAIN_LIMIT_V4 : UDP_PLAIN_LIMIT_V6
const NO_OPTIONS = new Uint8Array(0)

/**
 * The message for this query's client, in fresh bytes; undefined for silence. An rcode that takes
 * an OPT is SERVFAIL for a client without EDNS.
 */
export const finishReply = (query: Query, reply: Reply): Uint8Array | undefined => {
  if (reply.bytes.length === 0) return undefined
  if (query.edns === undefined && reply.rcode > 15) return errorReply(query, RCODE_SERVFAIL).bytes
  const layout = reply.layout
  const opt = optFor(query, reply, layout)
  const limit =
    query.transport === 'tcp'
      ? query.replyLimit
      : Math.min(query.replyLimit, plainLimit(query.client.family))
  return asItIs(query, reply, layout, opt, limit) ?? rewritten(query, reply, layout, opt)
}

/** The flags word that leaves: with TC if the reply does not fit its client. */
export const flagsToLeave = (query: Query, reply: Reply): number => {
  const flags = getFlags(reply.bytes, 0)
  const isCertainToFit =
    query.transport === 'tcp' || reply.layout.uncompressedLength + optSize(0) <= query.replyLimit
  if (isCertainToFit || (flags & FLAG_TC) !== 0) return flags
  return getFlags(finishReply(query, reply) ?? reply.bytes, 0)
}

/** The OPT to send; undefined to leave the reply's additional section alone. */
const optFor = (query: Query, reply: Reply, layout: MessageLayout): OptParts | undefined => {
  const { edns } = query
  if (edns === undefined) return undefined
  const own = layout.optIndex < 0 ? undefined : readEdns(reply.bytes, layout)
  if (own === undefined || own === 'malformed') {
    // None of the client's options comes back: whoever handles one brings an OPT (RFC 6891 section
    // 6.1.2).
    return { udpSize: edns.udpSize, flags: edns.do ? EDNS_DO : 0 }
  }
  const options = reply.bytes.subarray(own.optionsOffset, own.optionsOffset + own.optionsLength)
  // The other flags are to be zero (RFC 6891 section 6.1.4).
  const flags = edns.do ? EDNS_DO : own.flags & EDNS_DO
  return { udpSize: edns.udpSize, extendedRcode: own.extendedRcode, flags, options }
}

/**
 * The reply's bytes with id and question set and OPT appended, if that fits and the reply's own OPT
 * does not stand in the middle.
 */
const asItIs = (
  query: Query,
  reply: Reply,
  layout: MessageLayout,
  opt: OptParts | undefined,
  limit: number,
): Uint8Array | undefined => {
  const hasOldOpt = opt !== undefined && layout.optIndex >= 0
  if (hasOldOpt && (layout.optIndex !== layout.count - 1 || layout.optCount > 1)) return undefined
  const end = hasOldOpt ? layout.ownerOffset(layout.optIndex) : layout.end
  const size = end + (opt === undefined ? 0 : optSize(opt.options?.length ?? 0))
  if (size > limit) return undefined
  const bytes = new Uint8Array(size)
  // A view only where it is needed: it would move a short reply's bytes out of V8's heap.
  bytes.set(end === reply.bytes.length ? reply.bytes : reply.bytes.subarray(0, end))
  setId(bytes, 0, query.id)
  const { question } = query
  if (layout.questionEnd === question.end)
    for (let at = HEADER_SIZE; at < question.end; at++) bytes[at] = query.bytes[at]!
  if (opt !== undefined) {
    writeOpt(bytes, end, opt)
    setArcount(bytes, 0, getArcount(bytes, 0) + (hasOldOpt ? 0 : 1))
  }
  return bytes
}

/** Written anew with compression, record by record while they fit; TC if any is left out. */
const rewritten = (
  query: Query,
  reply: Reply,
  layout: MessageLayout,
  opt: OptParts | undefined,
): Uint8Array => {
  const writer = new MessageWriter(query.replyLimit)
  const flags = getFlags(reply.bytes, 0)
  writer.compress = true
  writer.header(query.id, flags)
  writer.question(query.question.wire, query.question.type, query.question.class)
  // An OPT that does not fit with its options is sent without them.
  const options = opt?.options ?? NO_OPTIONS
  const fits = writer.length + optSize(options.length) <= query.replyLimit
  if (opt !== undefined) writer.reserve(optSize(fits ? options.length : 0))
  for (let index = 0; index < layout.count; index++) {
    if (opt !== undefined && layout.type(index) === TYPE_OPT) continue
    if (writer.copyRecord(layout.sectionOf(index) as Section, reply.bytes, layout, index)) continue
    writer.header(query.id, flags | FLAG_TC)
    break
  }
  if (opt !== undefined) writer.opt({ ...opt, options: fits ? options : NO_OPTIONS })
  return writer.finish()
}
