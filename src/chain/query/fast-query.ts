// Hot path. One UDP query on the fast path, with its answer under way. There is one object per
// shard, reused for each query: keep no part of it. When no step answers, Query copies what the
// slow path needs. Offsets in the query count from `at`, those in the answer from `outAt`. Both are
// multiples of 4, so the question, which starts at byte 12, is word-aligned in both.

import type { IpAddress } from '../../base/ip.ts'
import type { CacheKey } from '../../cache/key.ts'
import { hasOption, OPT_FIXED_SIZE } from '../../wire/edns.ts'
import { getU16 } from '../../wire/header.ts'
import { NameView } from '../../wire/name.ts'
import { CLASS_IN } from '../../wire/rrtypes.ts'
import type { Asked, ListenerRef } from './asked.ts'
import type { Transport } from './transport.ts'

/** Records that an answer may have on the fast path. */
export const FAST_RECORDS = 256

export class FastQuery implements Asked {
  // Places in memory: set by the engine.

  /**
   * The memory that the query lies in; borrowed, its bytes are `bytes[at]` to `bytes[at + length -
   * 1]`.
   */
  bytes: Uint8Array = new Uint8Array(0)
  /** The same memory in words: byte `at` is in `words[at >> 2]`. */
  words: Int32Array = new Int32Array(0)
  at = 0
  length = 0
  /** Where the answer goes: `outRoom` bytes from `out[outAt]` on. */
  out: Uint8Array = new Uint8Array(0)
  outWords: Int32Array = new Int32Array(0)
  outAt = 0
  outRoom = 0
  /**
   * Address family of the client: 4 when its address is IPv4 or IPv4-mapped. The address is
   * `address.bytes`, valid for this query only.
   */
  family: 4 | 6 = 4
  clientPort = 0
  /** Address of the client, reused: one object for each family. */
  address: IpAddress = { bytes: new Uint8Array(4), family: 4 }
  /**
   * Clock.ms() when the batch that this query came in was received, and the whole seconds of it.
   */
  receivedMs = 0
  nowSeconds = 0

  // Contents of the query: set by the server before the first step. The class is always IN, the
  // opcode QUERY. All values but the UDP size are valid on the slow path, too.

  /** Whether the following fields are set for this query, so that the slow path can use them. */
  isRead = false
  /** The second header word: QR, opcode, AA, TC, RD, RA, Z, AD, CD, rcode. */
  flags = 0
  /** The qname in lower case; it is the beginning of the key. */
  readonly name: NameView
  qtype = 0
  readonly qclass = CLASS_IN
  readonly transport: Transport = 'udp'
  /** Offset behind the question, where the OPT record begins if there is one. */
  questionEnd = 0
  /** The cache key of the question with its DO and CD. */
  readonly key: CacheKey
  hasEdns = false
  /**
   * UDP size in bytes of the OPT record, 0 without one. A step may lower it; the reply's OPT shows
   * that.
   */
  udpSize = 0
  do = false
  listener: ListenerRef = { index: 0, label: '' }
  /** Bits of the stages whose `concerns` has been asked, and of those that said yes. */
  askedBits = 0
  concernedBits = 0

  // The answer: set by the step that answers. Header, question and records are in `out`; the server
  // sets id, question case and OPT.

  replyLength = 0
  /** Size of the answer with all names written out, without OPT: what metrics and logs show. */
  plainLength = 0
  /** Offsets of the TTL fields of all records, in their order. None of the records is an OPT. */
  readonly ttlOffsets = new Uint16Array(FAST_RECORDS)
  ttlCount = 0

  constructor(key: CacheKey) {
    this.key = key
    this.name = new NameView(key.bytes, 0)
  }

  /** Largest reply, as Query.replyLimit. */
  get replyLimit(): number {
    return Math.max(512, this.udpSize)
  }

  hasOption(code: number): boolean {
    if (!this.hasEdns) return false
    const opt = this.at + this.questionEnd
    const end = opt + OPT_FIXED_SIZE + getU16(this.bytes, opt + OPT_FIXED_SIZE - 2)
    return hasOption(this.bytes, opt + OPT_FIXED_SIZE, end, code)
  }

  /** As Query.lowerUdpSize, for the fast path's answer: the packet stays as it is. */
  lowerUdpSize(limit: number): void {
    if (this.udpSize > limit) this.udpSize = limit
  }
}
