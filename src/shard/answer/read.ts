// Hot path. Parses a query in place, once for both paths, if it is of the usual kind: opcode QUERY,
// one question of class IN without pointers, no records except one OPT of version 0 with
// well-formed options whose contents need no check. Every other message, malformed or rare, is
// parsed with its whole layout (dispatch.ts), which finds the error.

import type { FastQuery } from '../../chain/query/fast-query.ts'
import { EDNS_DO, judgeOptions, OPT_FIXED_SIZE, OPTIONS_PLAIN } from '../../wire/edns.ts'
import { FLAG_CD, getU16, HEADER_SIZE } from '../../wire/header.ts'
import { qnameEnd } from '../../wire/question.ts'
import { CLASS_IN, TYPE_OPT } from '../../wire/rrtypes.ts'

/** Header, the root's name, type and class. */
const LEAST_BYTES = HEADER_SIZE + 5
/** QR and opcode. */
const NOT_A_QUERY = 0xf800
/**
 * The second and third word of a header as a little-endian machine reads them: one question, no
 * answer; no authority, one additional.
 */
const ONE_QUESTION = 0x0000_0100
const ONE_ADDITIONAL = 0x0100_0000

/** Sets the fields of the query, and its key; false for any unusual message. */
export const readQuery = (query: FastQuery): boolean => {
  const { bytes, words, at, length } = query
  const word = at >> 2
  const additional = words[word + 2]!
  if (length < LEAST_BYTES || words[word + 1] !== ONE_QUESTION) return false
  if (additional !== 0 && additional !== ONE_ADDITIONAL) return false
  const flags = getU16(bytes, at + 2)
  if ((flags & NOT_A_QUERY) !== 0) return false
  const end = at + length
  const type = qnameEnd(bytes, at + HEADER_SIZE, end)
  if (type < 0 || type + 4 > end || getU16(bytes, type + 2) !== CLASS_IN) return false
  const nameLength = type - at - HEADER_SIZE
  const qtype = getU16(bytes, type)
  query.flags = flags
  query.name.length = nameLength
  query.qtype = qtype
  query.questionEnd = type + 4 - at
  query.hasEdns = additional !== 0
  query.udpSize = 0
  query.do = false
  query.askedBits = 0
  query.concernedBits = 0
  if (additional !== 0 && !readOpt(query, type + 4, end)) return false
  query.key.setFromPacket(
    words,
    word + (HEADER_SIZE >> 2),
    nameLength,
    qtype,
    CLASS_IN,
    query.do,
    (flags & FLAG_CD) !== 0,
  )
  return true
}

const readOpt = (query: FastQuery, opt: number, end: number): boolean => {
  const { bytes } = query
  const options = opt + OPT_FIXED_SIZE
  if (
    options > end ||
    bytes[opt] !== 0 ||
    getU16(bytes, opt + 1) !== TYPE_OPT ||
    bytes[opt + 6] !== 0
  )
    return false
  const optionsEnd = options + getU16(bytes, opt + 9)
  if (optionsEnd > end || judgeOptions(bytes, options, optionsEnd) !== OPTIONS_PLAIN) return false
  query.udpSize = getU16(bytes, opt + 3)
  query.do = (getU16(bytes, opt + 7) & EDNS_DO) !== 0
  return true
}
