// Hot path. The parts of an answer that every fast step needs which writes records of its own. The
// step decides which records, and whether they fit.

import {
  FLAG_AA,
  FLAG_CD,
  FLAG_QR,
  FLAG_RD,
  HEADER_SIZE,
  setAncount,
  setArcount,
  setFlags,
  setNscount,
  setQdcount,
  setU16,
  setU32,
} from '../../wire/header.ts'
import { CLASS_IN } from '../../wire/rrtypes.ts'
import type { FastQuery } from '../query/fast-query.ts'
import { FAST_ANSWERED, type FastVerdict } from './fast-step.ts'

/** Bytes of a record between its owner and its rdata: type, class, TTL and size. */
export const RECORD_FIXED_SIZE = 10
/** Where among these the TTL stands. */
export const RECORD_TTL_OFFSET = 4

/**
 * Writes header and question of an authoritative answer, as chain/answer/answer.ts would; returns
 * the offset behind them in `out`. The caller has checked the room. Id and question case are set
 * once more by the server.
 */
export const beginAnswer = (
  query: FastQuery,
  rcode: number,
  answers: number,
  authorities: number,
): number => {
  const { bytes, out, outAt, at } = query
  setFlags(out, outAt, FLAG_QR | FLAG_AA | (query.flags & (FLAG_RD | FLAG_CD)) | rcode)
  setQdcount(out, outAt, 1)
  setAncount(out, outAt, answers)
  setNscount(out, outAt, authorities)
  setArcount(out, outAt, 0)
  for (let k = HEADER_SIZE; k < query.questionEnd; k++) out[outAt + k] = bytes[at + k]!
  return outAt + query.questionEnd
}

/**
 * Ends an answer of `records` records, whose TTL offsets are in the query, and of `length` bytes
 * without pointers.
 */
export const endAnswer = (query: FastQuery, records: number, length: number): FastVerdict => {
  query.ttlCount = records
  query.replyLength = length
  query.plainLength = length
  return FAST_ANSWERED
}

/**
 * Writes type, class, TTL and rdata size of a record; returns the offset of its rdata of `size`
 * bytes.
 */
export const writeFixed = (
  out: Uint8Array,
  at: number,
  type: number,
  ttlSeconds: number,
  size: number,
): number => {
  setU16(out, at, type)
  setU16(out, at + 2, CLASS_IN)
  setU32(out, at + 4, ttlSeconds)
  setU16(out, at + 8, size)
  return at + RECORD_FIXED_SIZE
}

/**
 * Copies `length` bytes from `from[start]` on; returns the offset behind them in `out`. The runs
 * are short: for these a loop is faster than `set`.
 */
export const copyTo = (
  out: Uint8Array,
  at: number,
  from: Uint8Array,
  start: number,
  length: number,
): number => {
  for (let k = 0; k < length; k++) out[at + k] = from[start + k]!
  return at + length
}
