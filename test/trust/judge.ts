// An independent look at replies, by dns-packet and by bytes: nothing of what is tested takes part.

import { type DecodedPacket, decode } from 'dns-packet'

const HEADER_BYTES = 12
const FORMERR = 1

/** What is wrong with a reply to a message, undefined if nothing is. */
export const flawOf = (asked: Uint8Array, reply: Uint8Array): string | undefined => {
  if (reply.length < HEADER_BYTES) return 'shorter than a header'
  if (reply[0] !== asked[0] || reply[1] !== asked[1]) return 'another id'
  if ((reply[2]! & 0x80) === 0) return 'no response (QR)'
  // CoreDNS's FORMERR is of opcode QUERY, whatever was asked, and so is ours.
  if ((reply[3]! & 15) !== FORMERR && (reply[2]! & 0x78) !== (asked[2]! & 0x78))
    return 'another opcode'
  const questions = (reply[4]! << 8) | reply[5]!
  if (questions > 1) return `${questions} questions`
  const end = questions === 1 ? questionEnd(reply) : HEADER_BYTES
  if (end < 0) return 'a question cut short'
  if (Buffer.compare(asked.subarray(HEADER_BYTES, end), reply.subarray(HEADER_BYTES, end)) !== 0)
    return 'another question'
  return countsFlaw(reply)
}

/**
 * The offset behind the one question; -1 if it goes beyond the message. A question as servers echo
 * it has no pointer.
 */
const questionEnd = (message: Uint8Array): number => {
  let at = HEADER_BYTES
  while (at < message.length && message[at] !== 0) at += message[at]! + 1
  return at + 5 <= message.length ? at + 5 : -1
}

const countsFlaw = (reply: Uint8Array): string | undefined => {
  let packet: DecodedPacket
  try {
    packet = decode(Buffer.from(reply))
  } catch (error) {
    return `not to be decoded: ${error instanceof Error ? error.message : error}`
  }
  const counted = [4, 6, 8, 10].map(at => (reply[at]! << 8) | reply[at + 1]!)
  const found = [packet.questions, packet.answers, packet.authorities, packet.additionals].map(
    section => section?.length ?? 0,
  )
  return counted.join() === found.join()
    ? undefined
    : `counts ${counted.join(' ')}, records ${found.join(' ')}`
}

/**
 * The address in the answer to an A query; '' for an answer without, or of another rcode than
 * NOERROR.
 */
export const addressIn = (reply: Uint8Array): string => {
  if (reply.length < HEADER_BYTES || (reply[3]! & 15) !== 0) return ''
  for (const record of decode(Buffer.from(reply)).answers ?? [])
    if (record.type === 'A') return record.data
  return ''
}
