// The PROXY headers of one listener: whose count, and whose query it is then. A header that stands
// in front of a datagram is read by `openDatagram`, one at the beginning of a connection by
// `openStream`; neither allocates or throws. After either, `client` says whom a header has named.

import { CidrSet, type IpAddress, ipToText } from '../../base/ip.ts'
import type { Clock } from '../../base/time/clock.ts'
import type { ProxyPolicy, ProxyServing } from '../../chain/listening.ts'
import type { Peer } from '../../chain/query/query.ts'
import type { ProxyResult } from '../../metrics/shard-counts.ts'
import { HEADER_SIZE } from '../../wire/header.ts'
import { BAD, NO_HEADER, ProxyHeader, SHORT } from './header.ts'
import { isLoopbackIp, ProxiedPeer } from './proxied-peer.ts'
import { ProxySessions, type SessionClient } from './sessions.ts'
import { isV1, readV1 } from './v1.ts'
import { readV2 } from './v2.ts'

/** In place of the header's length: nothing of the datagram, or of the connection, is taken. */
export const DROPPED = -1
/** Of a connection: the header is not whole yet. */
export const UNFINISHED = -2

/** Warnings are no further apart: senders of datagrams may be forged. */
const WARNING_MS = 1000
const NOT_EXPECTED = 'its sender must send no header'
const CUT_SHORT = 'the header is cut short'
const MALFORMED = 'the header is malformed'

export interface ProxyParts {
  readonly clock: Pick<Clock, 'ms'>
  readonly count: (result: ProxyResult) => void
  readonly warn: (text: string) => void
}

export class ProxyJudge {
  readonly #serving: ProxyServing
  readonly #allowed: CidrSet
  readonly #sessions: ProxySessions | undefined
  readonly #parts: ProxyParts
  readonly #header = new ProxyHeader()
  /** Whom the header, or an earlier one of the same sender, has named; undefined: nobody. */
  #client: SessionClient | undefined
  #isSenderLocal = false
  #warnedMs = Number.NEGATIVE_INFINITY
  #unwarned = 0

  /** `before` served the same listener: sessions outlive a reload. */
  constructor(serving: ProxyServing, parts: ProxyParts, before?: ProxyJudge) {
    this.#serving = serving
    this.#parts = parts
    this.#allowed = new CidrSet(
      serving.allow.map(({ bytes, bits }) => ({ bytes, bits, family: bytes.length === 4 ? 4 : 6 })),
    )
    const { sessions } = serving
    const old = before === undefined ? undefined : before.#sessions
    if (sessions === undefined) this.#sessions = undefined
    else if (old?.ttlMs === sessions.ttlMs && old.most === sessions.most) this.#sessions = old
    else this.#sessions = new ProxySessions(sessions.ttlMs, sessions.most)
  }

  /** Bytes in front of the datagram's message; DROPPED. */
  openDatagram(
    bytes: Uint8Array,
    at: number,
    length: number,
    sender: IpAddress,
    senderPort: number,
    nowMs: number,
  ): number {
    this.#turnTo(sender)
    const policy = this.#policyFor(sender)
    if (policy === 'skip') return 0
    const end = at + length
    const read = isV1(bytes, at, end) ? BAD : readV2(bytes, at, end, true, this.#header)
    // What is too short for a message is for the server to drop.
    if (read === NO_HEADER || (read === SHORT && length < HEADER_SIZE))
      return this.#withoutHeader(policy, sender, senderPort, nowMs)
    if (read < 0) {
      const why = read === SHORT ? CUT_SHORT : MALFORMED
      return this.#drop('malformed', why, sender, senderPort)
    }
    if (!this.#take(policy)) return this.#drop('refused', NOT_EXPECTED, sender, senderPort)
    if (this.#client === undefined || this.#sessions === undefined) return read
    this.#sessions.remember(sender, senderPort, this.#client, nowMs)
    // A header alone begins a session, and asks nothing.
    return read === length ? DROPPED : read
  }

  #withoutHeader(
    policy: ProxyPolicy,
    sender: IpAddress,
    senderPort: number,
    nowMs: number,
  ): number {
    if (policy === 'use') this.#client = this.#sessions?.find(sender, senderPort, nowMs)
    this.#parts.count(this.#client === undefined ? 'absent' : 'remembered')
    return 0
  }

  #turnTo(sender: IpAddress): void {
    this.#client = undefined
    this.#isSenderLocal = isLoopbackIp(sender)
  }

  #policyFor(sender: IpAddress): ProxyPolicy {
    const { isOpen, policy } = this.#serving
    return !isOpen && this.#allowed.has(sender) ? 'use' : policy
  }

  /** What a whole header comes to; false: it must not be there. */
  #take(policy: ProxyPolicy): boolean {
    if (policy === 'reject') return false
    const { isLocal, source } = this.#header
    const isUsed = policy === 'use' && !isLocal
    if (isUsed) this.#client = source
    this.#parts.count(isUsed ? 'used' : policy === 'use' ? 'local' : 'ignored')
    return true
  }

  #drop(
    result: 'malformed' | 'refused',
    why: string,
    { bytes, family }: IpAddress,
    port: number,
  ): typeof DROPPED {
    this.#parts.count(result)
    const nowMs = this.#parts.clock.ms()
    if (nowMs - this.#warnedMs < WARNING_MS) {
      this.#unwarned++
      return DROPPED
    }
    const more = this.#unwarned === 0 ? '' : `, and ${this.#unwarned} more since the last such line`
    const from = family === 4 ? ipToText(bytes) : `[${ipToText(bytes)}]`
    this.#parts.warn(`dropping invalid Proxy Protocol packet from ${from}:${port}: ${why}${more}`)
    this.#warnedMs = nowMs
    this.#unwarned = 0
    return DROPPED
  }

  /**
   * Bytes in front of a connection's first frame, by all that has come so far; UNFINISHED, DROPPED.
   */
  openStream(bytes: Uint8Array, sender: IpAddress, senderPort: number): number {
    this.#turnTo(sender)
    const policy = this.#policyFor(sender)
    if (policy === 'skip') return 0
    let read = readV2(bytes, 0, bytes.length, false, this.#header)
    if (read === NO_HEADER) read = readV1(bytes, 0, bytes.length, this.#header)
    if (read === SHORT) return UNFINISHED
    if (read === NO_HEADER) this.#parts.count('absent')
    else if (read === BAD) return this.#drop('malformed', MALFORMED, sender, senderPort)
    else if (!this.#take(policy)) return this.#drop('refused', NOT_EXPECTED, sender, senderPort)
    return read
  }

  /** Undefined: the query is the sender's own. */
  get client(): SessionClient | undefined {
    return this.#client
  }

  /** The same as an object of its own. */
  get clientPeer(): Peer | undefined {
    return this.#client && new ProxiedPeer(this.#client, this.#isSenderLocal)
  }

  /** Where the client has asked, by the header that `openStream` has just read. */
  get destinationPeer(): Peer | undefined {
    return this.#client && new ProxiedPeer(this.#header.destination, this.#isSenderLocal)
  }
}
