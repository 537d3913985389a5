// Puts the records of a reply into another order. Addresses under one name change places by their
// fixed-size fields in a copy of the message; anything else is written anew, since names may point
// to each other.

import { Reply } from '../../chain/reply.ts'
import { getFlags, getId, getQdcount, getU16 } from '../../wire/header.ts'
import { readQuestion } from '../../wire/question.ts'
import { TYPE_A, TYPE_AAAA } from '../../wire/rrtypes.ts'
import { MessageWriter } from '../../wire/writer.ts'

// Type and class stand before the TTL, the size of rdata behind it.
const TYPE_TO_TTL = 4
const TTL_SIZE = 4

/**
 * `order[i]` is the index of the record that goes to place i; a record stays in its section. The
 * reply itself if nothing moves.
 */
export const reordered = (reply: Reply, order: readonly number[]): Reply => {
  let canSwap = true
  let isSame = true
  for (const [place, index] of order.entries()) {
    if (index === place) continue
    isSame = false
    canSwap &&= areInterchangeable(reply, place, index)
  }
  if (isSame) return reply
  return canSwap ? swapped(reply, order) : rewritten(reply, order)
}

/**
 * Whether two records differ in nothing but TTL and an address: the same owner, as it is spelt,
 * type, class and size.
 */
const areInterchangeable = ({ bytes, layout }: Reply, a: number, b: number): boolean => {
  const ownerA = layout.ownerOffset(a)
  const ownerB = layout.ownerOffset(b)
  const ttlA = layout.ttlOffset(a)
  const ttlB = layout.ttlOffset(b)
  if (ttlB - ownerB !== ttlA - ownerA) return false
  const type = getU16(bytes, ttlA - TYPE_TO_TTL)
  if (
    (type !== TYPE_A && type !== TYPE_AAAA) ||
    getU16(bytes, ttlA + TTL_SIZE) !== getU16(bytes, ttlB + TTL_SIZE)
  )
    return false
  for (let back = ttlA - ownerA; back > 0; back--)
    if (bytes[ttlA - back] !== bytes[ttlB - back]) return false
  return true
}

const swapped = ({ bytes, layout }: Reply, order: readonly number[]): Reply => {
  const copy = bytes.slice()
  for (const [place, index] of order.entries()) {
    if (index === place) continue
    const from = layout.ttlOffset(index)
    const to = layout.ttlOffset(place)
    // A loop: some twenty bytes, often of hundreds of records.
    for (let k = TTL_SIZE + 1 + getU16(bytes, from + TTL_SIZE); k >= 0; k--)
      copy[to + k] = bytes[from + k]!
  }
  // Every record is as long as the one that was there.
  return new Reply(copy, layout.of(copy))
}

const rewritten = (reply: Reply, order: readonly number[]): Reply => {
  const { bytes, layout } = reply
  const writer = new MessageWriter()
  writer.compress = layout.end < layout.uncompressedLength
  writer.header(getId(bytes, 0), getFlags(bytes, 0))
  const question = getQdcount(bytes, 0) === 1 ? readQuestion(bytes) : undefined
  if (question !== undefined) writer.question(question.wire, question.type, question.class)
  for (const [place, index] of order.entries()) {
    // Order is a courtesy: a message too large to be written anew goes out as it came.
    if (!writer.copyRecord(layout.sectionOf(place), bytes, layout, index)) return reply
  }
  return new Reply(writer.finish())
}
