// Hot path. Makes an answer on the fast path smaller when it does not fit: replaces the owners of
// address records by pointers to the question, and truncates with TC at the client's limit. A name
// with ten addresses needs this if the client has no EDNS. Other answers that do not fit are left
// to the slow path (finish.ts), which gives the same bytes.

import type { FastQuery } from '../../chain/query/fast-query.ts'
import {
  FLAG_TC,
  getAncount,
  getArcount,
  getFlags,
  getNscount,
  getU16,
  HEADER_SIZE,
  setAncount,
  setFlags,
  setU16,
} from '../../wire/header.ts'
import { CLASS_IN, TYPE_A, TYPE_AAAA } from '../../wire/rrtypes.ts'

const POINTER_TO_QUESTION = 0xc000 | HEADER_SIZE
/** Type, class, TTL and size. */
const FIXED_SIZE = 10
const TTL_OFFSET = 4

/** Whether `compact` can make the answer fit. Changes nothing. */
export const isCompactable = (query: FastQuery): boolean => {
  const { qtype, out, outAt, ttlCount, ttlOffsets, questionEnd } = query
  const nameLength = query.name.length
  const size = qtype === TYPE_A ? 4 : qtype === TYPE_AAAA ? 16 : 0
  if (size === 0 || nameLength === 1 || ttlCount === 0 || getAncount(out, outAt) !== ttlCount)
    return false
  if (getNscount(out, outAt) !== 0 || getArcount(out, outAt) !== 0) return false
  const isAsAsked = isQname(query, HEADER_SIZE)
  let owner = questionEnd
  for (let k = 0; k < ttlCount; k++) {
    const fixed = ttlOffsets[k]! - TTL_OFFSET
    const isPointer = fixed - owner === 2 && getU16(out, outAt + owner) === POINTER_TO_QUESTION
    if (isPointer ? !isAsAsked : fixed - owner !== nameLength || !isQname(query, owner))
      return false
    const at = outAt + fixed
    if (
      getU16(out, at) !== qtype ||
      getU16(out, at + 2) !== CLASS_IN ||
      getU16(out, at + 8) !== size
    )
      return false
    owner = fixed + FIXED_SIZE + size
  }
  return owner === query.replyLength
}

/**
 * Moves the records together, as many as leave `reserved` bytes of the client's limit free. Sets
 * replyLength, and TC if records are left out. Call it only if isCompactable is true.
 */
export const compact = (query: FastQuery, reserved: number): void => {
  const { out, outAt, ttlCount, ttlOffsets, questionEnd, qtype } = query
  const size = FIXED_SIZE + (qtype === TYPE_A ? 4 : 16)
  const end = outAt + query.replyLimit - reserved
  let to = outAt + questionEnd
  let count = 0
  for (; count < ttlCount && to + 2 + size <= end; count++) {
    // From front to back: a record never moves over one that is still to come.
    let from = outAt + ttlOffsets[count]! - TTL_OFFSET
    setU16(out, to, POINTER_TO_QUESTION)
    to += 2
    for (const last = to + size; to < last; ) out[to++] = out[from++]!
  }
  query.replyLength = to - outAt
  setAncount(out, outAt, count)
  if (count < ttlCount) setFlags(out, outAt, getFlags(out, outAt) | FLAG_TC)
}

/**
 * Whether the name at `start` of the answer, as long as the qname, is the qname in the query's own
 * case: only such a name is compressed to a pointer.
 */
const isQname = (
  { bytes, at, out, outAt, name: { length } }: FastQuery,
  start: number,
): boolean => {
  const owner = outAt + start
  const name = at + HEADER_SIZE
  for (let k = 0; k < length; k++) if (out[owner + k] !== bytes[name + k]) return false
  return true
}
