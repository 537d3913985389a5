// Hot path. Reads a UDP query where it lies, if it is of the usual kind: opcode QUERY, one question
// of class IN without pointers, no records but perhaps one OPT of version 0 with sound options,
// none of which has contents to be checked. Everything else, malformed or rare, is the slow path's
// (dispatch.ts), which says what is wrong with it.

import type { FastQuery } from '../../chain/fast-query.ts'
import { MAX_UDP_QUERY_BYTES } from '../../net/engine.ts'
import { EDNS_DO, MAX_OPTIONS, OPTION_ECS } from '../../wire/edns.ts'
import { FLAG_CD, getU16, HEADER_SIZE } from '../../wire/header.ts'
import { MAX_LABEL_SIZE, MAX_NAME_SIZE } from '../../wire/name.ts'
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
const OPT_FIXED_SIZE = 11

/** Sets what the query says; false for anything unusual. */
export const readFastQuery = (query: FastQuery): boolean => {
  const { bytes, words, at, length } = query
  if (length < LEAST_BYTES || length > MAX_UDP_QUERY_BYTES) return false
  const flags = getU16(bytes, at + 2)
  const word = at >> 2
  const additional = words[word + 2]!
  if ((flags & NOT_A_QUERY) !== 0 || words[word + 1] !== ONE_QUESTION) return false
  if (additional !== 0 && additional !== ONE_ADDITIONAL) return false

  const end = at + length
  const name = at + HEADER_SIZE
  let p = name
  for (;;) {
    const size = bytes[p]!
    if (size === 0) break
    p += size + 1
    if (size > MAX_LABEL_SIZE || p >= end) return false
  }
  const nameLength = p + 1 - name
  if (nameLength > MAX_NAME_SIZE || p + 5 > end || getU16(bytes, p + 3) !== CLASS_IN) return false

  query.flags = flags
  query.nameLength = nameLength
  query.qtype = getU16(bytes, p + 1)
  query.questionEnd = p + 5 - at
  query.hasEdns = additional !== 0
  query.udpSize = 0
  query.do = false
  if (query.hasEdns && !readOpt(query, p + 5, end)) return false
  query.key.setFromPacket(
    words,
    name >> 2,
    nameLength,
    query.qtype,
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
  const optionsLength = getU16(bytes, opt + 9)
  if (options + optionsLength > end) return false
  let at = options
  for (let count = 0; at < options + optionsLength; count++) {
    if (
      count === MAX_OPTIONS ||
      at + 4 > options + optionsLength ||
      getU16(bytes, at) === OPTION_ECS
    )
      return false
    at += 4 + getU16(bytes, at + 2)
  }
  if (at !== options + optionsLength) return false
  query.udpSize = getU16(bytes, opt + 3)
  query.do = (getU16(bytes, opt + 7) & EDNS_DO) !== 0
  return true
}
