// Puts the records of a reply into another order. Addresses under one name change places by their fixed-size fields in a copy of the
// message; anything else is written anew, since names may point to each other.

import { Reply } from '../../core/reply.ts'
import { getFlags, getId, getQdcount } from '../../wire/header.ts'
import { readQuestion } from '../../wire/question.ts'
import { TYPE_A, TYPE_AAAA } from '../../wire/rrtypes.ts'
import { MessageWriter } from '../../wire/writer.ts'

/** `order[i]` is the index of the record that goes to place i; a record stays in its section. The reply itself if nothing moves. */
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

/** Whether two records differ in nothing but TTL and an address. */
const areInterchangeable = ({ bytes, layout }: Reply, a: number, b: number): boolean => {
  const type = layout.type(a)
  if (type !== layout.type(b) || (type !== TYPE_A && type !== TYPE_AAAA)) return false
  if (layout.class(a) !== layout.class(b) || layout.rdataLength(a) !== layout.rdataLength(b)) return false
  const size = layout.ttlOffset(a) - layout.ownerOffset(a)
  if (layout.ttlOffset(b) - layout.ownerOffset(b) !== size) return false
  for (let i = 0; i < size; i++) if (bytes[layout.ownerOffset(a) + i] !== bytes[layout.ownerOffset(b) + i]) return false
  return true
}

const swapped = ({ bytes, layout }: Reply, order: readonly number[]): Reply => {
  const copy = bytes.slice()
  for (const [place, index] of order.entries()) {
    if (index === place) continue
    const from = layout.ttlOffset(index)
    const to = layout.ttlOffset(place)
    // A loop: some twenty bytes, often of hundreds of records.
    for (let k = layout.rdataOffset(index) + layout.rdataLength(index) - from - 1; k >= 0; k--) copy[to + k] = bytes[from + k]!
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
