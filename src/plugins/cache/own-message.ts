// A private copy of a reply, as the cache keeps and gives it. OPT is hop by hop and goes; what it
// says about the answer itself stays, in an OPT of the cache's own behind all records: the upper
// bits of the rcode, and extended DNS errors (RFC 8914).

import { Reply } from '../../chain/reply.ts'
import { forEachOption, makeOption, OPTION_EDE, readEdns } from '../../wire/edns.ts'
import { getArcount, setArcount } from '../../wire/header.ts'
import { type MessageLayout, readLayout } from '../../wire/layout.ts'
import { stripOpt, writeOpt } from '../../wire/opt-record.ts'
import { type OptParts, optSize } from '../../wire/writer.ts'
import { ttlOffsetsOf } from './ttl.ts'

/** A message that its holder may still change. */
export interface OwnMessage {
  readonly bytes: Uint8Array
  /** Of all records but OPT, which has no TTL. */
  readonly ttlOffsets: readonly number[]
  readonly layout: MessageLayout
}

export const ownMessage = ({ bytes, layout }: Reply): OwnMessage => {
  const opt = lastingOpt(bytes, layout)
  const plain = stripOpt(bytes, layout)
  const own = opt === undefined ? plain.bytes : withOpt(plain.bytes, opt)
  // A copy of a message that could be read can be read.
  const ownLayout = (opt === undefined ? plain.layout : undefined) ?? readLayout(own)!
  return { bytes: own, ttlOffsets: ttlOffsetsOf(ownLayout), layout: ownLayout }
}

/** What of the reply's OPT is about the answer; undefined if nothing is. */
const lastingOpt = (bytes: Uint8Array, layout: MessageLayout): OptParts | undefined => {
  const edns = readEdns(bytes, layout)
  if (edns === undefined || edns === 'malformed') return undefined
  const errors: Uint8Array[] = []
  forEachOption(bytes, edns, (code, data) => {
    if (code === OPTION_EDE) errors.push(makeOption(code, data))
  })
  if (errors.length === 0 && edns.extendedRcode === 0) return undefined
  return { udpSize: 0, extendedRcode: edns.extendedRcode, options: Buffer.concat(errors) }
}

const withOpt = (plain: Uint8Array, opt: OptParts): Uint8Array => {
  const bytes = new Uint8Array(plain.length + optSize(opt.options?.length ?? 0))
  bytes.set(plain)
  writeOpt(bytes, plain.length, opt)
  setArcount(bytes, 0, getArcount(bytes, 0) + 1)
  return bytes
}

/**
 * The same reply for a client without EDNS: no OPT, unless the rcode needs it, which the server
 * then answers for (chain/finish.ts).
 */
export const withoutUnaskedOpt = (reply: Reply): Reply => {
  const { bytes, layout } = reply
  if (layout.optIndex < 0 || reply.rcode > 15) return reply
  const plain = stripOpt(bytes, layout)
  return new Reply(plain.bytes, plain.layout)
}
