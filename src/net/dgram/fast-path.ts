// The fast path for messages of node:dgram: each is copied to where the fast path reads, and its
// answer to memory of its own, since a send may outlast this turn. The messages of one turn of the
// event loop count as a batch.

import type { RemoteInfo } from 'node:dgram'
import { type IpAddress, parseIp } from '../../base/ip.ts'
import { systemClock } from '../../base/time/clock.ts'
import type { FastQuery } from '../../chain/query/fast-query.ts'
import { lengthBehind, type Receiver } from '../engine.ts'
import { DROPPED, type ProxyJudge } from '../proxy/judge.ts'

/** Longer queries take the slow path. */
const QUERY_BYTES = 1024
const REPLY_BYTES = 4096
const UNKNOWN: IpAddress = { bytes: new Uint8Array(4), family: 4 }

export interface BatchCounts {
  /** So many datagrams were received in one turn. */
  batch(datagrams: number): void
}

export class DgramFastPath {
  readonly #query: FastQuery
  readonly #receiver: Receiver
  readonly #counts: BatchCounts
  readonly #in = new Uint8Array(QUERY_BYTES)
  readonly #inWords = new Int32Array(this.#in.buffer)
  readonly #out = Buffer.alloc(REPLY_BYTES)
  readonly #outWords = new Int32Array(this.#out.buffer)
  /** Datagrams of this turn. */
  #inBatch = 0
  #receivedMs = 0
  /** Bytes of the last datagram's PROXY header; DROPPED: nothing of it is taken. */
  header = 0
  /** The last sender's address, read: clients ask several times. */
  #addressText = ''
  #address: IpAddress = UNKNOWN

  constructor(query: FastQuery, receiver: Receiver, counts: BatchCounts) {
    this.#query = query
    this.#receiver = receiver
    this.#counts = counts
  }

  /**
   * The reply in memory of its own; undefined for the slow path, which may go on from what the
   * query says if that `isRead`. `bytes` is borrowed.
   */
  answer(bytes: Uint8Array, from: RemoteInfo): Uint8Array | undefined {
    if (this.#inBatch++ === 0) this.#beginBatch()
    const query = this.#query
    query.isRead = false
    query.clientPort = from.port
    query.address = this.#addressOf(from.address)
    const { proxy } = this.#receiver
    this.header = proxy === undefined ? 0 : this.#unwrap(proxy, bytes)
    if (this.header === DROPPED) return undefined
    query.length = lengthBehind(this.header, bytes.length)
    if (query.length > QUERY_BYTES) return undefined
    this.#in.set(this.header > 0 ? bytes.subarray(this.header) : bytes)
    query.bytes = this.#in
    query.words = this.#inWords
    query.at = 0
    query.out = this.#out
    query.outWords = this.#outWords
    query.outAt = 0
    query.outRoom = REPLY_BYTES
    query.family = query.address.family
    query.receivedMs = this.#receivedMs
    query.nowSeconds = Math.floor(this.#receivedMs / 1000)
    const length = this.#receiver.fast(query)
    if (length === 0) return undefined
    // Out of Node's pool: cheaper than a buffer with memory of its own.
    const reply = Buffer.allocUnsafe(length)
    this.#out.copy(reply, 0, 0, length)
    return reply
  }

  /** The header's length; the query is the client's that it names. */
  #unwrap(proxy: ProxyJudge, bytes: Uint8Array): number {
    const query = this.#query
    const { address, clientPort } = query
    const nowMs = this.#receivedMs
    const header = proxy.openDatagram(bytes, 0, bytes.length, address, clientPort, nowMs)
    const { client } = proxy
    if (client !== undefined) {
      query.address = client.ip
      query.clientPort = client.port
    }
    return header
  }

  #beginBatch(): void {
    this.#receivedMs = systemClock.ms()
    setImmediate(this.#endBatch)
  }

  readonly #endBatch = (): void => {
    this.#counts.batch(this.#inBatch)
    this.#inBatch = 0
    this.#receiver.batchSent(systemClock.ms() - this.#receivedMs)
  }

  #addressOf(text: string): IpAddress {
    if (text === this.#addressText) return this.#address
    const zone = text.indexOf('%')
    this.#addressText = text
    this.#address = parseIp(zone < 0 ? text : text.slice(0, zone)) ?? UNKNOWN
    return this.#address
  }
}
