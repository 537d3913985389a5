// Hot path.
// One query from the receive arena to the send arena: read, routed, answered by the fast steps of its block, finished with the query's id,
// question case and OPT. The bytes are those that the slow path (dispatch.ts, finish.ts) would send. docs/hot-path.md walks through it.

import type { CacheKey } from '../cache/key.ts'
import type { FastQuery } from '../core/fast-query.ts'
import { isRefused } from '../memory/refused.ts'
import { getArcount, getU16, HEADER_SIZE, setArcount, setU16 } from '../wire/header.ts'
import { CLASS_IN, TYPE_OPT } from '../wire/rrtypes.ts'
import { HIGHEST_LOOPING_PORT, LOOPING_PORTS } from './dispatch.ts'
import { compact, isCompactable } from './fast-compact.ts'
import { readFastQuery } from './fast-read.ts'
import { ECHOED_OPTIONS, plainLimit } from './finish.ts'
import type { ServedListener } from './shard-generation.ts'

const OPT_FIXED_SIZE = 11
/** Whether an option of the client's OPT comes back, by code. */
const IS_ECHOED = Uint8Array.from({ length: 1 + Math.max(...ECHOED_OPTIONS) }, (_, code) => (ECHOED_OPTIONS.has(code) ? 1 : 0))

export interface FastPathParts {
  /** Scratch for the hash that refused questions are known by. */
  readonly key: CacheKey
  readonly regionWords: Int32Array
  readonly refusedOffset: number
}

export class FastPath {
  readonly #parts: FastPathParts

  constructor(parts: FastPathParts) {
    this.#parts = parts
  }

  /** The length of the answer at `query.outAt`; 0: the slow path's. */
  answer(at: ServedListener, query: FastQuery): number {
    if (query.clientPort <= HIGHEST_LOOPING_PORT && LOOPING_PORTS.has(query.clientPort)) return 0
    if (!readFastQuery(query) || this.#isRefused(query)) return 0
    const chain = at.router.route(query.key.bytes, query.nameLength, query.qtype, CLASS_IN)?.fast
    if (chain === undefined) return 0
    query.listener = at.ref
    if (!chain.answer(query)) return 0
    const limit = Math.min(query.replyLimit, plainLimit(query.family), query.outRoom)
    // At most: which options come back is looked at only where it decides.
    let optLength = query.hasEdns ? OPT_FIXED_SIZE + query.optionsLength : 0
    if (query.replyLength + optLength > limit && query.hasEdns) optLength = OPT_FIXED_SIZE + echoedLength(query)
    const length = query.replyLength + optLength
    const isTooLong = length > limit
    if (isTooLong && (length > query.outRoom || query.questionEnd + optLength > query.replyLimit || !isCompactable(query)))
      return 0
    // Before it is made smaller: metrics and logs tell of the answer, not of what a datagram holds of it.
    chain.done(query)
    if (isTooLong) compact(query, optLength)
    return finish(query)
  }

  #isRefused(query: FastQuery): boolean {
    const { key, regionWords, refusedOffset } = this.#parts
    if (regionWords[refusedOffset] === 0) return false
    key.setFromPacket(query.words, (query.at + HEADER_SIZE) >> 2, query.nameLength, query.qtype, CLASS_IN, false, false)
    return isRefused(regionWords, refusedOffset, key.hashLow, query.nowSeconds)
  }
}

/** Makes the answer the query's own, and gives its length. There is room for the OPT. */
const finish = (query: FastQuery): number => {
  const { words, outWords, at, outAt } = query
  const from = at >> 2
  const to = outAt >> 2
  outWords[to] = (outWords[to]! & ~0xffff) | (words[from]! & 0xffff)
  // What the last whole word leaves over is of type and class, which are the same in both.
  const questionWords = (query.questionEnd - HEADER_SIZE) >> 2
  for (let k = HEADER_SIZE >> 2; k < (HEADER_SIZE >> 2) + questionWords; k++) outWords[to + k] = words[from + k]!
  return query.hasEdns ? appendOpt(query) : query.replyLength
}

/** Bytes of those options of the client that come back. */
const echoedLength = ({ bytes, at, optionsOffset, optionsLength }: FastQuery): number => {
  let length = 0
  const end = at + optionsOffset + optionsLength
  for (let from = end - optionsLength; from < end; ) {
    const size = 4 + getU16(bytes, from + 2)
    if (IS_ECHOED[getU16(bytes, from)] === 1) length += size
    from += size
  }
  return length
}

/** Appends the client's OPT with the options that are echoed; the length of all. */
const appendOpt = (query: FastQuery): number => {
  const { bytes, out, outAt, replyLength, optionsLength } = query
  const opt = outAt + replyLength
  let to = opt + OPT_FIXED_SIZE
  const end = query.at + query.optionsOffset + optionsLength
  for (let from = end - optionsLength; from < end; ) {
    const size = 4 + getU16(bytes, from + 2)
    if (IS_ECHOED[getU16(bytes, from)] === 1) for (let k = 0; k < size; k++) out[to++] = bytes[from + k]!
    from += size
  }
  out[opt] = 0
  setU16(out, opt + 1, TYPE_OPT)
  setU16(out, opt + 3, query.udpSize)
  setU16(out, opt + 5, 0)
  setU16(out, opt + 7, query.ednsFlags)
  setU16(out, opt + 9, to - opt - OPT_FIXED_SIZE)
  setArcount(out, outAt, getArcount(out, outAt) + 1)
  return to - outAt
}
