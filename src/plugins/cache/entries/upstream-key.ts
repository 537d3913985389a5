// Which queries are one and the same to an upstream. Work is shared only between those (merging in
// a shard, claims over shards): whatever else differs, from RD to an option, may make another
// answer. Both functions go by the bytes alone; of those that leave for upstream only the id, the
// case of the name and AD, which is always set there, do not count.

import type { Query } from '../../../chain/query/query.ts'
import { type HashSeed, KeyedHash } from '../../../memory/keyed-hash.ts'
import { OPTION_COOKIE } from '../../../wire/edns.ts'
import {
  FLAG_AD,
  FLAG_QR,
  FLAG_RD,
  getAncount,
  getArcount,
  getFlags,
  getNscount,
  HEADER_SIZE,
  setU16,
} from '../../../wire/header.ts'
import { foldByte } from '../../../wire/name.ts'

/**
 * Bytes of a query that its hash is made of, with its length: longer ones that differ only behind
 * them are told apart by isSameUpstream alone.
 */
const HASHED_BYTES = 1024
const TYPE_AND_CLASS = 4

/** A query as it lies in memory; `nameEnd` is the offset behind its qname. */
export interface RelayedBytes {
  readonly bytes: Uint8Array
  readonly nameEnd: number
  /** Asked over a stream: then upstream is, too. */
  readonly isStream: boolean
}

export const relayedBytes = ({ bytes, question, proto }: Query): RelayedBytes => ({
  bytes,
  nameEnd: question.end - TYPE_AND_CLASS,
  isStream: proto === 'tcp',
})

/** Whether both leave for upstream as the same message over the same transport. */
export const isSameUpstream = (a: RelayedBytes, b: RelayedBytes): boolean => {
  const { bytes, nameEnd } = a
  const other = b.bytes
  if (bytes.length !== other.length || nameEnd !== b.nameEnd || a.isStream !== b.isStream)
    return false
  if (((getFlags(bytes, 0) ^ getFlags(other, 0)) & ~FLAG_AD) !== 0) return false
  for (let at = 4; at < HEADER_SIZE; at++) if (bytes[at] !== other[at]) return false
  for (let at = HEADER_SIZE; at < nameEnd; at++)
    if (foldByte(bytes[at]!) !== foldByte(other[at]!)) return false
  for (let at = nameEnd; at < bytes.length; at++) if (bytes[at] !== other[at]) return false
  return true
}

/** The keyed hash of what isSameUpstream compares: one object, set anew for each query. */
export class UpstreamKey {
  readonly #hash: KeyedHash
  /** Flags with QR for a stream, length, then the query from its counts on. */
  readonly #bytes = new Uint8Array(HASHED_BYTES)
  readonly #words = new Int32Array(this.#bytes.buffer)

  constructor(seed: HashSeed) {
    this.#hash = new KeyedHash(seed)
  }

  set({ bytes, nameEnd, isStream }: RelayedBytes): this {
    const own = this.#bytes
    const length = Math.min(bytes.length, HASHED_BYTES)
    setU16(own, 0, getFlags(bytes, 0) | FLAG_AD | (isStream ? FLAG_QR : 0))
    setU16(own, 2, bytes.length)
    for (let at = 4; at < length; at++)
      own[at] = at >= HEADER_SIZE && at < nameEnd ? foldByte(bytes[at]!) : bytes[at]!
    this.#hash.hash(this.#words, 0, length)
    return this
  }

  /** Halves of the hash, signed 32-bit numbers. */
  get low(): number {
    return this.#hash.low
  }
  get high(): number {
    return this.#hash.high
  }
}

/**
 * Whether a failure to answer this query says something about its question: it wants recursion and
 * carries nothing that might make a server fail. Another query (RD=0, records other than OPT, an
 * unusual option) may have failed for its own form, and must not affect all others.
 */
export const isOrdinary = ({ bytes, flags, edns }: Query): boolean => {
  if ((flags & FLAG_RD) === 0 || getAncount(bytes, 0) + getNscount(bytes, 0) > 0) return false
  if (getArcount(bytes, 0) !== (edns === undefined ? 0 : 1)) return false
  if (edns === undefined || edns.optionsLength === 0) return true
  // A client's cookie of 8 bytes, as dig sends it.
  const { optionsOffset: at, optionsLength } = edns
  return (
    optionsLength === 12 &&
    bytes[at] === 0 &&
    bytes[at + 1] === OPTION_COOKIE &&
    bytes[at + 3] === 8
  )
}
