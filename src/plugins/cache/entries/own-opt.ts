// The parts of a reply's OPT that the cache keeps. OPT is hop by hop and is removed. Data about the
// answer itself stays, in an OPT of the cache's own behind all records: the upper bits of the
// rcode, and extended DNS errors (RFC 8914).

import { edit } from '../../../chain/answer/edit.ts'
import type { Reply } from '../../../chain/reply/reply.ts'
import { forEachOption, makeOption, OPTION_EDE, readEdns } from '../../../wire/edns.ts'
import type { OptParts } from '../../../wire/opt-record.ts'

/** The parts of the reply's OPT that are about the answer; false if there are none. */
export const lastingOpt = ({ bytes, layout }: Reply): OptParts | false => {
  const edns = readEdns(bytes, layout)
  if (edns === undefined || edns === 'malformed') return false
  const errors: Uint8Array[] = []
  forEachOption(bytes, edns, (code, data) => {
    if (code === OPTION_EDE) errors.push(makeOption(code, data))
  })
  if (errors.length === 0 && edns.extendedRcode === 0) return false
  return { udpSize: 0, options: Buffer.concat(errors) }
}

/**
 * The same reply for a client without EDNS: no OPT, unless the rcode needs it, which the server
 * then answers for (chain/answer/finish.ts).
 */
export const withoutUnaskedOpt = (reply: Reply): Reply =>
  reply.rcode > 15 ? reply : edit(reply, { opt: false })
