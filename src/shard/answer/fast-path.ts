// Hot path. One query from the receive arena to the send arena: read, routed, answered by the fast
// steps of its block, finished with the query's id, question case and OPT. The bytes are those that
// the slow path (dispatch.ts, finish.ts) would send. docs/hot-path.md walks through it.

import type { CacheKey } from '../../cache/key.ts'
import { plainLimit } from '../../chain/answer/finish.ts'
import type { FastQuery } from '../../chain/query/fast-query.ts'
import { isRefused } from '../../memory/refused.ts'
import { MAX_UDP_QUERY_BYTES } from '../../net/engine.ts'
import { EDNS_DO, OPT_FIXED_SIZE } from '../../wire/edns.ts'
import { getArcount, HEADER_SIZE, setArcount } from '../../wire/header.ts'
import { writeOptFields } from '../../wire/opt-record.ts'
import { CLASS_IN } from '../../wire/rrtypes.ts'
import type { ServedListener } from '../generation.ts'
import type { Route } from '../router.ts'
import { compact, isCompactable } from './fast-compact.ts'
import { HIGHEST_LOOPING_PORT, LOOPING_PORTS } from './header-reply.ts'
import { readQuery } from './read.ts'

export interface FastPathParts {
  /** Scratch for the hash that identifies refused questions. */
  readonly key: CacheKey
  readonly regionWords: Int32Array
  readonly refusedOffset: number
}

export class FastPath {
  readonly #parts: FastPathParts
  /** The route of the last query that was read and not answered: the slow path uses it. */
  route: Route | undefined

  constructor(parts: FastPathParts) {
    this.#parts = parts
  }

  /** The length in bytes of the answer at `query.outAt`; 0: the slow path must answer. */
  answer(at: ServedListener, query: FastQuery): number {
    query.isRead = false
    if (query.clientPort <= HIGHEST_LOOPING_PORT && LOOPING_PORTS.has(query.clientPort)) return 0
    if (query.length > MAX_UDP_QUERY_BYTES || !readQuery(query)) return 0
    // Checked before routing, since routing may call plugins. The slow path refuses the question.
    if (this.#isRefused(query)) return this.#leave(query, undefined)
    const route = at.router.route(query)
    const chain = route?.fast
    if (chain === undefined) return this.#leave(query, route)
    query.listener = at.ref
    if (!chain.answer(query)) return this.#leave(query, route)
    const limit = Math.min(query.replyLimit, plainLimit(query.family), query.outRoom)
    const optLength = query.hasEdns ? OPT_FIXED_SIZE : 0
    const length = query.replyLength + optLength
    const isTooLong = length > limit
    if (
      isTooLong &&
      (length > query.outRoom ||
        query.questionEnd + optLength > query.replyLimit ||
        !isCompactable(query))
    )
      return this.#leave(query, route)
    // Metrics and logs show the size of the whole answer (plainLength), not of the truncated one;
    // but they show TC.
    if (isTooLong) compact(query, optLength)
    chain.done(query)
    return finish(query)
  }

  /** Leaves the query to the slow path, with the results so far. Hits do not need these stores. */
  #leave(query: FastQuery, route: Route | undefined): number {
    query.isRead = true
    this.route = route
    return 0
  }

  #isRefused(query: FastQuery): boolean {
    const { key, regionWords, refusedOffset } = this.#parts
    if (regionWords[refusedOffset] === 0) return false
    key.setFromPacket(
      query.words,
      (query.at + HEADER_SIZE) >> 2,
      query.name.length,
      query.qtype,
      CLASS_IN,
      false,
      false,
    )
    return isRefused(regionWords, refusedOffset, key.hashLow, query.nowSeconds)
  }
}

/**
 * Sets id, question case and OPT of the query, and returns the length. There is room for the OPT.
 */
const finish = (query: FastQuery): number => {
  const { words, outWords, at, outAt } = query
  const from = at >> 2
  const to = outAt >> 2
  outWords[to] = (outWords[to]! & ~0xffff) | (words[from]! & 0xffff)
  // The bytes after the last whole word belong to type and class, which are the same in both.
  const questionWords = (query.questionEnd - HEADER_SIZE) >> 2
  for (let k = HEADER_SIZE >> 2; k < (HEADER_SIZE >> 2) + questionWords; k++)
    outWords[to + k] = words[from + k]!
  return query.hasEdns ? appendOpt(query) : query.replyLength
}

/** Appends the client's OPT, without its options; returns the whole length. */
const appendOpt = (query: FastQuery): number => {
  const { out, outAt, replyLength } = query
  writeOptFields(out, outAt + replyLength, query.udpSize, query.do ? EDNS_DO : 0, 0)
  setArcount(out, outAt, getArcount(out, outAt) + 1)
  return replyLength + OPT_FIXED_SIZE
}
