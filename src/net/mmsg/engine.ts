// Hot path. The receive engine of one shard on Linux: UDP in batches by recvmmsg and sendmmsg, and
// the shard's own wait. poll(2) watches the UDP sockets and libuv's epoll descriptor, until the
// next of libuv's timers is due. Whenever libuv has work, or a query has started something that
// needs Node's event loop, the engine returns to the loop and comes back by setImmediate. The
// engine has no libuv handle in the loop, so the thread can be terminated at any time.

import type { FastQuery } from '../../chain/query/fast-query.ts'
import { lengthBehind, type Respond } from '../engine.ts'
import { DROPPED, type ProxyJudge } from '../proxy/judge.ts'
import { C, MAPPED_WORD, SOCKADDR_IN, SOCKADDR_IN6 } from './abi.ts'
import { Inbound } from './inbound.ts'
import { BATCH, SLOT_BYTES } from './inbound-layout.ts'
import { Journal, NOT_NOTED } from './journal.ts'
import type { Libc } from './libc.ts'
import { hasNeighbours, LoopActivity } from './loop-activity.ts'
import { MonotonicClock } from './monotonic.ts'
import { destinationOf, OUT_BYTES, Outbound, type UnsentCounts } from './outbound.ts'
import { recipientOf, senderOf } from './peers.ts'
import { PollSet } from './poll-set.ts'
import { MmsgUdpPool } from './pool/udp-pool.ts'
import type { MmsgSocket } from './socket.ts'
import { leaveGroup } from './sockets.ts'

/**
 * Longest time away from the event loop, until all has been quiet for so long: what waits for a
 * turn of the loop, and is no timer, is at most this late.
 */
const AWAY_MS = 20
/** Of poll(2): without an end. */
const FOREVER = -1
const LONGEST_WAIT_MS = 2 ** 31 - 1
/**
 * Of 64 datagrams, read from a socket that is closed: more than its buffer holds, should more still
 * come.
 */
const LAST_BATCHES = 1024

/** What the engine counts in addition to its socket's receivers. */
export interface EngineCounts extends UnsentCounts {
  /** A batch of that many datagrams was received. */
  batch(datagrams: number): void
}

export interface EngineParts {
  readonly libc: Libc
  /** From makeInboundMemory(); what a dead predecessor left in it is answered first. */
  readonly inbound: SharedArrayBuffer
  readonly query: FastQuery
  readonly counts: EngineCounts
  /**
   * The engine has ended by itself: a system call failed in a way that it has no answer to. Its
   * sockets are still open.
   */
  readonly onFailure: (reason: string) => void
}

export class MmsgEngine {
  readonly #parts: EngineParts
  readonly #libc: Libc
  readonly #inbound: Inbound
  readonly #journal: Journal
  readonly #outbound: Outbound
  readonly #query: FastQuery
  readonly #clock: MonotonicClock
  readonly #activity: LoopActivity
  /** Sockets to upstreams, which the engine waits for too. */
  readonly udpPool: MmsgUdpPool
  readonly #poll: PollSet
  readonly #v4 = { bytes: new Uint8Array(4), family: 4 } as const
  readonly #v6 = { bytes: new Uint8Array(16), family: 6 } as const
  /** The message of a datagram that began with a PROXY header. */
  readonly #unwrapped = new Uint8Array(SLOT_BYTES)
  readonly #unwrappedWords = new Int32Array(this.#unwrapped.buffer)
  #sockets: MmsgSocket[] = []
  #startedSlow = false
  /** The turn before came to its end without anything to do. */
  #wasQuiet = false
  /** When libuv's next timer was due, as the turn before began. */
  #dueMs = 0
  #isInTurn = false
  #immediate: NodeJS.Immediate | undefined

  constructor(parts: EngineParts) {
    const { libc, query } = parts
    this.#parts = parts
    this.#libc = libc
    this.#inbound = new Inbound(libc, parts.inbound)
    this.#journal = new Journal(this.#inbound.words)
    this.#outbound = new Outbound(libc, parts.counts)
    this.#query = query
    this.#clock = new MonotonicClock(libc)
    this.udpPool = new MmsgUdpPool(libc, {
      clock: new MonotonicClock(libc),
      onWaiting: () => this.#wake(),
      words: this.#inbound.words,
    })
    const loop = libc.currentLoop()
    this.#poll = new PollSet(libc, libc.uv_backend_fd(loop), this.udpPool)
    this.#activity = new LoopActivity(libc, loop)
    query.bytes = this.#inbound.bytes
    query.words = this.#inbound.words
    query.out = this.#outbound.bytes
    query.outWords = this.#outbound.words
    query.outRoom = OUT_BYTES
  }

  get sockets(): readonly MmsgSocket[] {
    return this.#sockets
  }

  /** Starts to receive at a socket, with the next turn of the event loop. */
  add(socket: MmsgSocket): void {
    this.#watch([...this.#sockets, socket])
    this.#wake()
  }

  /**
   * Lets no more come to a socket that is to be closed, answers what has come, and resolves when
   * all of it has its replies, or after the grace. From the first moment on clients are told by the
   * kernel that the port is closed, unless another shard's socket is still there.
   */
  async remove(socket: MmsgSocket, graceMs: number): Promise<void> {
    if (this.#sockets.includes(socket)) {
      leaveGroup(this.#libc, socket.fd)
      this.#answerPredecessor()
      for (let batches = 0; batches < LAST_BATCHES && this.#drain(socket) > 0; batches++) {
        // Until nothing is left.
      }
      this.#watch(this.#sockets.filter(other => other !== socket))
    }
    await socket.drain(graceMs)
    // The descriptor's number may belong to somebody else from here on.
    this.#outbound.flush()
    socket.isClosed = true
  }

  #watch(sockets: MmsgSocket[]): void {
    this.#sockets = sockets
    this.#poll.watch(sockets)
  }

  /** The turn goes on as long as something may come: queries, or outstanding replies. */
  get #isNeeded(): boolean {
    return this.#sockets.length > 0 || this.udpPool.waiting.length > 0
  }

  #wake(): void {
    if (this.#isNeeded && !this.#isInTurn) this.#immediate ??= setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    const isAwaited = hasNeighbours(this.#immediate)
    this.#immediate = undefined
    this.#outbound.flush()
    this.#clock.tick()
    this.#isInTurn = true
    this.#answerPredecessor()
    // libuv watches what its callbacks have just opened only from its next look on: until it had
    // one, the loop goes round without waiting. So it does while anybody waits for its turns.
    const mayWait = !this.#activity.hasMoved() && !this.#startedSlow && !isAwaited
    this.#startedSlow = false
    this.#wasQuiet = this.#serve(mayWait, mayWait && this.#isStill())
    this.#isInTurn = false
    this.#wake()
  }

  /**
   * Sees when the loop has its next timer. True if nothing at all has run since the turn before: it
   * was quiet, and no timer of that time was due until now. Then nothing waits for a further turn.
   */
  #isStill(): boolean {
    // Before the clock is read: rather a moment late than too early.
    const dueInMs = this.#activity.dueInMs()
    this.#clock.tick()
    const isStill = this.#wasQuiet && this.#clock.ms < this.#dueMs
    this.#dueMs = this.#clock.ms + dueInMs
    return isStill
  }

  /**
   * Receives and answers until libuv has work, the time is up, or the engine has ended. True when
   * nothing has come.
   */
  #serve(mayWait: boolean, isStill: boolean): boolean {
    let untilMs = isStill ? this.#dueMs : Math.min(this.#dueMs, this.#clock.ms + AWAY_MS)
    let wasFull = false
    for (let isFirst = true; ; isFirst = false) {
      const ready = this.#poll.wait(mayWait && !wasFull ? this.#waitMs(untilMs) : 0)
      if (ready < 0) this.#failedOrInterrupted('poll')
      if (ready <= 0) return ready === 0 && isFirst && mayWait
      wasFull = false
      const pooled = this.#poll.readyPooled()
      const sockets = this.#sockets
      for (let k = 0; k < sockets.length; k++) {
        if (!this.#poll.isReady(k)) continue
        const count = this.#drain(sockets[k]!)
        if (count < 0 && !this.#failedOrInterrupted('recvmmsg')) return false
        wasFull ||= count === BATCH
      }
      this.#outbound.flush()
      // Exchanges that wait for these go on when this turn is over.
      for (let k = 0; k < pooled.length; k++) this.udpPool.receive(pooled[k]!)
      this.#startedSlow ||= pooled.length > 0
      if (this.#poll.isLoopReady || this.#startedSlow || !mayWait || this.#clock.ms >= untilMs)
        return false
      if (isFirst && isStill) untilMs = Math.min(untilMs, this.#clock.ms + AWAY_MS)
    }
  }

  #waitMs(untilMs: number): number {
    if (untilMs === Number.POSITIVE_INFINITY) return FOREVER
    return Math.max(0, Math.min(Math.ceil(untilMs - this.#clock.ms), LONGEST_WAIT_MS))
  }

  /** After a call that returned -1: true if the next one may do better. */
  #failedOrInterrupted(call: string): boolean {
    const errno = this.#libc.errno()
    if (errno === C.EAGAIN || errno === C.EINTR || errno === C.ENOMEM || errno === C.ENOBUFS)
      return true
    this.#watch([])
    this.udpPool.end()
    this.#parts.onFailure(`${call}: errno ${errno}`)
    return false
  }

  #drain(socket: MmsgSocket): number {
    const count = this.#inbound.receive(socket.fd, socket.isWildcard)
    if (count <= 0) return count
    this.#clock.tick()
    if (socket.isCounted) this.#parts.counts.batch(count)
    this.#answer(socket, count)
    return count
  }

  #answer(socket: MmsgSocket, count: number): void {
    const { receiver } = socket
    const { proxy } = receiver
    const query = this.#query
    const receivedMs = this.#clock.ms
    query.receivedMs = receivedMs
    query.nowSeconds = this.#clock.seconds
    this.#outbound.begin(socket.fd)
    let answered = 0
    for (let index = 0; index < count; index++) {
      this.#inbound.at(index)
      this.#aim(socket, index)
      if (proxy !== undefined && !this.#unwrap(proxy, index)) continue
      const length = receiver.fast(query)
      if (length > 0) {
        this.#outbound.take(length, this.#inbound, index, socket.isWildcard)
        answered++
      } else this.#answerSlowly(socket, index)
    }
    if (proxy !== undefined) this.#aimAtInbound()
    // From here on no question is to blame for a death.
    this.#inbound.at(-1)
    this.#outbound.flush()
    this.#inbound.finish()
    if (answered === 0) return
    this.#clock.tick()
    receiver.batchSent(this.#clock.ms - receivedMs)
  }

  /** What a dead shard has left behind comes first. */
  #answerPredecessor(): void {
    if (this.#inbound.leftCount > 0) this.#answerLeft()
    if (this.#journal.hasLeft) this.#takeUpLeft()
  }

  /**
   * What a dead shard had received and not answered. Some of it may have been answered after all:
   * clients drop a second reply.
   */
  #answerLeft(): void {
    const socket = this.#sockets.find(({ fd }) => fd === this.#inbound.leftFd)
    if (socket === undefined) this.#inbound.finish()
    else this.#answer(socket, this.#inbound.leftCount)
  }

  /** Queries that waited for a reply in a shard that died: asked again. */
  #takeUpLeft(): void {
    while (this.#journal.hasLeft) {
      this.#journal.takeUp(this.#inbound, fd => {
        const socket = this.#sockets.find(other => other.fd === fd)
        if (socket !== undefined) this.#answer(socket, 1)
      })
    }
  }

  #aim(socket: MmsgSocket, index: number): void {
    const inbound = this.#inbound
    const query = this.#query
    query.at = inbound.offsetOf(index)
    query.length = inbound.lengthOf(index)
    query.outAt = this.#outbound.at
    const name = inbound.nameWord(index)
    const at = name << 2
    const { bytes, words } = inbound
    query.clientPort = (bytes[at + SOCKADDR_IN.port]! << 8) | bytes[at + SOCKADDR_IN.port + 1]!
    if (socket.isWildcard) inbound.unpinInterface(index, socket.isV6)
    if (bytes[at] === C.AF_INET) {
      this.#aimV4(at + SOCKADDR_IN.addr)
      return
    }
    const address = name + (SOCKADDR_IN6.addr >> 2)
    if (words[address] === 0 && words[address + 1] === 0 && words[address + 2] === MAPPED_WORD) {
      this.#aimV4(at + SOCKADDR_IN6.addr + 12)
      return
    }
    for (let k = 0; k < 16; k++) this.#v6.bytes[k] = bytes[at + SOCKADDR_IN6.addr + k]!
    query.family = 6
    query.address = this.#v6
  }

  #aimV4(at: number): void {
    const { bytes } = this.#inbound
    const to = this.#v4.bytes
    to[0] = bytes[at]!
    to[1] = bytes[at + 1]!
    to[2] = bytes[at + 2]!
    to[3] = bytes[at + 3]!
    this.#query.family = 4
    this.#query.address = this.#v4
  }

  /**
   * Aims at the message behind a PROXY header, and at the client that the header names. The answer
   * still goes to the sender. False: nothing of the datagram is taken.
   */
  #unwrap(proxy: ProxyJudge, index: number): boolean {
    this.#aimAtInbound()
    const query = this.#query
    const { bytes, at, length, address, clientPort, receivedMs } = query
    const header = proxy.openDatagram(bytes, at, length, address, clientPort, receivedMs)
    if (header === DROPPED) return false
    const { client } = proxy
    if (client !== undefined) {
      query.family = client.ip.family
      query.address = client.ip
      query.clientPort = client.port
    }
    if (header > 0) this.#aimBehind(header, this.#inbound.offsetOf(index))
    return true
  }

  /** The message is copied to where it is word-aligned. */
  #aimBehind(header: number, start: number): void {
    const query = this.#query
    const { bytes } = this.#inbound
    const to = this.#unwrapped
    const carried = query.length - header
    for (let k = 0; k < carried; k++) to[k] = bytes[start + header + k]!
    query.length = lengthBehind(header, query.length)
    query.bytes = to
    query.words = this.#unwrappedWords
    query.at = 0
  }

  #aimAtInbound(): void {
    this.#query.bytes = this.#inbound.bytes
    this.#query.words = this.#inbound.words
  }

  #answerSlowly(socket: MmsgSocket, index: number): void {
    const inbound = this.#inbound
    const { at, length } = this.#query
    const bytes = this.#query.bytes.slice(at, at + length)
    const client = socket.receiver.proxy?.clientPeer ?? senderOf(inbound, index)
    const local =
      (socket.isWildcard ? recipientOf(inbound, index, socket.local.port) : undefined) ??
      socket.local
    const destination = destinationOf(inbound, index, socket.isWildcard)
    socket.enter()
    this.#startedSlow = true
    let isOver = false
    let entry = NOT_NOTED
    const respond: Respond = reply => {
      isOver = true
      this.#journal.settle(entry)
      if (reply !== undefined && !socket.isClosed) {
        this.#outbound.put(socket.fd, reply, destination)
        // When the engine has no further turn, nothing else would send it.
        if (!this.#isInTurn && this.#immediate === undefined) this.#outbound.flush()
      }
      socket.leave()
    }
    socket.receiver.receive(bytes, 'udp', client, local, respond, this.#query)
    if (!isOver) entry = this.#journal.note(inbound, index, socket.fd)
  }
}
