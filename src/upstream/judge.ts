// A message from an upstream is judged in two steps, by its bytes alone. First: is it the reply to
// our question? Then: is it whole? Only a reply that has passed both is handed on, so the code
// behind it never gets a message that cannot be read.

import { edit } from '../chain/answer/edit.ts'
import { Reply } from '../chain/reply/reply.ts'
import { type Edns, readEdns } from '../wire/edns.ts'
import {
  FLAG_QR,
  FLAG_TC,
  getAncount,
  getFlags,
  getId,
  getNscount,
  getQdcount,
  HEADER_SIZE,
  MASK_RCODE,
  opcodeOf,
} from '../wire/header.ts'
import { readLayout } from '../wire/layout.ts'
import { isQuestionOf, type Question } from '../wire/question.ts'
import { MessageWriter } from '../wire/writer.ts'

/**
 * Step one, for a message under our id: QR, opcode and the one question (name in any case, type,
 * class) match (RFC 5452 section 9.1). Or it has no question and no records, and an error: servers
 * that do not parse further answer so (RFC 6891 section 7), and there is nothing in it to forge but
 * the error. Or it is a header and no more, whose counts may be the query's.
 */
export const isReply = (message: Uint8Array, askedFlags: number, question: Question): boolean => {
  const flags = getFlags(message, 0)
  if ((flags & FLAG_QR) === 0 || opcodeOf(flags) !== opcodeOf(askedFlags)) return false
  if (message.length === HEADER_SIZE) return true
  const questions = getQdcount(message, 0)
  if (questions === 1) return isQuestionOf(message, question)
  return questions === 0 && isBareError(message)
}

const isBareError = (message: Uint8Array): boolean =>
  getAncount(message, 0) === 0 &&
  getNscount(message, 0) === 0 &&
  wholeRcode(message, soundEdns(message)) !== 0

/** The OPT record, if there is one that can be read. */
const soundEdns = (message: Uint8Array): Edns | undefined => {
  const layout = readLayout(message)
  const edns = layout && readEdns(message, layout)
  return edns === 'malformed' ? undefined : edns
}

/** With the bits that an OPT carries. */
const wholeRcode = (message: Uint8Array, edns: Edns | undefined): number =>
  ((edns?.extendedRcode ?? 0) << 4) | (getFlags(message, 0) & MASK_RCODE)

/**
 * Step two, for what is the reply: the reply to hand on, undefined if it is malformed. An error
 * without a question gets the question; a datagram with TC that was cut inside a record is header,
 * question and TC; OPT records that are malformed, or stand where none may, are left out; what
 * follows the last record belongs to no message. Takes custody of `message`.
 */
export const readReply = (
  message: Uint8Array,
  question: Question,
  isStream: boolean,
): Reply | undefined => {
  const flags = getFlags(message, 0)
  if (message.length === HEADER_SIZE || getQdcount(message, 0) === 0) {
    const edns = soundEdns(message)
    const says = wholeRcode(message, edns) !== 0 || ((flags & FLAG_TC) !== 0 && !isStream)
    return says ? withQuestion(message, question, edns) : undefined
  }
  const layout = readLayout(message)
  if (layout === undefined)
    return (flags & FLAG_TC) !== 0 && !isStream
      ? withQuestion(message, question, undefined)
      : undefined
  if (readEdns(message, layout) === 'malformed')
    return edit(new Reply(message, layout), { opt: false })
  return new Reply(
    layout.end === message.length ? message : message.subarray(0, layout.end),
    layout,
  )
}

/** The message's header with our question, and its OPT if it has one. */
const withQuestion = (message: Uint8Array, question: Question, edns: Edns | undefined): Reply => {
  const writer = new MessageWriter()
  writer.header(getId(message, 0), getFlags(message, 0))
  writer.question(question.wire, question.type, question.class)
  if (edns !== undefined) {
    const options = message.subarray(edns.optionsOffset, edns.optionsOffset + edns.optionsLength)
    writer.opt({
      udpSize: edns.udpSize,
      extendedRcode: edns.extendedRcode,
      flags: edns.flags,
      options,
    })
  }
  return new Reply(writer.finish())
}
