// Connected UDP sockets to one upstream. The kernel chooses the port of each at random. While there
// are few messages, each has a socket of its own, which is closed with its reply. While there are
// many, all messages of one turn of the event loop share a socket. If no new one may be opened
// (PortBudget), it is drawn from those that are open. So no port stays in use for long (RFC 5452),
// datagrams and ICMP errors of other senders never reach it, and system calls are shared.

import { randomBelow } from '../../../base/entropy.ts'
import { IntMap } from '../../../base/int-map.ts'
import type { PooledSockets, UdpPoolEvents } from '../../../chain/plugin/udp-pool.ts'
import type { Peer } from '../../../chain/query/query.ts'

/** Sockets that are drawn from. */
const POOL_SIZE = 64
/** How long messages may leave from a socket. */
const LIFETIME_MS = 1000
/** Messages that leave from a socket; its receive buffer is asked to hold as many full replies. */
export const USES = 24
/** Sockets that may be opened for the sake of their ports: in a second, and at once. */
const PORTS_PER_SECOND = 500
const PORTS_AT_ONCE = 64
/** Descriptors, memory, ports: what a socket takes and the system may lack. */
const EXHAUSTED = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EAGAIN'])

const anyOf = (sockets: readonly PooledSocket[]): PooledSocket =>
  sockets[randomBelow(sockets.length)]!

/**
 * How many sockets a shard may open only for the sake of their ports. Where there are few queries
 * each gets a port of its own; where there are many, opening and closing sockets must not become
 * what the shard does. At this pace it takes half a percent of a processor.
 */
export class PortBudget {
  #left = PORTS_AT_ONCE
  #refilledMs = Number.NEGATIVE_INFINITY

  /** False: one that is open already must do. */
  take(nowMs: number): boolean {
    this.#left = Math.min(
      PORTS_AT_ONCE,
      this.#left + ((nowMs - this.#refilledMs) * PORTS_PER_SECOND) / 1000,
    )
    this.#refilledMs = nowMs
    if (this.#left < 1) return false
    this.#left--
    return true
  }

  /**
   * Whether the next queries may have a port each, so that no open one needs to be kept for them.
   */
  get isAmple(): boolean {
    return this.#left > PORTS_AT_ONCE / 2
  }
}

/** What the sockets of one upstream ask of the pool that all upstreams of a shard share. */
export interface SharedPool {
  /** Counts turns of the event loop in which something was sent. */
  readonly turn: number
  readonly budget: PortBudget
  nowMs(): number
  /** Throws an error with a `code`. */
  connect(owner: UpstreamSockets): PooledSocket
  disconnect(socket: PooledSocket): void
  queue(socket: PooledSocket, message: Uint8Array, id: number): void
  /** From now on a reply is outstanding at the socket; `unwatch` ends this. */
  watch(socket: PooledSocket): void
  unwatch(socket: PooledSocket): void
  pathOf(socket: PooledSocket): string
}

/** One connected socket. */
export class PooledSocket {
  readonly serial: number
  readonly fd: number
  /** Where its descriptor is noted. */
  readonly entry: number
  readonly owner: UpstreamSockets
  readonly openedMs: number
  uses = 0
  /** Messages whose replies are waited for. */
  pending = 0
  /** Its place among those with replies outstanding, -1 if it has none. */
  waitingAt = -1
  /** Datagrams that answered nothing that was waited for. */
  strangers = 0
  /** It is not drawn any more, and closed with its last reply. */
  isSpent = false
  isClosed = false

  constructor(
    serial: number,
    { fd, entry, owner, openedMs }: Pick<PooledSocket, 'fd' | 'entry' | 'owner' | 'openedMs'>,
  ) {
    this.serial = serial
    this.fd = fd
    this.entry = entry
    this.owner = owner
    this.openedMs = openedMs
  }
}

/** All connected sockets to one upstream. */
export class UpstreamSockets implements PooledSockets {
  readonly events: UdpPoolEvents
  readonly remote: Peer
  readonly sourceAddress: string
  readonly #pool: SharedPool
  readonly #open = new IntMap<PooledSocket>()
  /** Those that may be drawn, oldest first. */
  #fresh: PooledSocket[] = []
  #chosen: PooledSocket | undefined
  #chosenTurn = -1
  /** Messages that the chosen one may take still. */
  #left = 0

  constructor(pool: SharedPool, remote: Peer, sourceAddress: string, events: UdpPoolEvents) {
    this.#pool = pool
    this.remote = remote
    this.sourceAddress = sourceAddress
    this.events = events
  }

  choose(): number {
    const { turn, budget } = this.#pool
    if (
      this.#chosen === undefined ||
      this.#chosenTurn !== turn ||
      this.#left === 0 ||
      budget.isAmple
    ) {
      this.#chosen = this.#draw(this.#pool.nowMs())
      this.#chosenTurn = turn
      this.#left = this.#chosen.isSpent ? USES : USES - this.#chosen.uses
    }
    return this.#chosen.serial
  }

  send(message: Uint8Array, id: number): void {
    const socket = this.#chosen!
    this.#left--
    if (++socket.uses === USES) this.#spend(socket)
    if (socket.pending++ === 0) this.#pool.watch(socket)
    this.#pool.queue(socket, message, id)
  }

  settled(serial: number): void {
    const socket = this.#open.get(serial)
    if (socket === undefined || --socket.pending > 0) return
    this.#pool.unwatch(socket)
    if (socket.isSpent || this.#pool.budget.isAmple) this.#close(socket)
  }

  stranger(serial: number): number {
    const socket = this.#open.get(serial)
    return socket === undefined
      ? 0
      : Math.max(0, ++socket.strangers - (socket.uses - socket.pending))
  }

  path(serial: number): string {
    const socket = this.#open.get(serial)
    return socket === undefined ? '' : this.#pool.pathOf(socket)
  }

  sweep(): void {
    this.#retireOld(this.#pool.nowMs())
  }

  close(): void {
    for (const socket of [...this.#open.values()]) this.#close(socket)
  }

  /**
   * A message has been refused; id -1: it is unknown which. The others go on waiting.
   */
  refused(socket: PooledSocket, id: number, code: string): void {
    this.events.refused(socket.serial, id, code)
  }

  /** The socket can be received from no more. */
  failed(socket: PooledSocket, code: string): void {
    const path = this.#pool.pathOf(socket)
    this.#close(socket)
    this.events.failed(socket.serial, code, path)
  }

  #draw(nowMs: number): PooledSocket {
    this.#retireOld(nowMs)
    const isNeeded = this.#fresh.length === 0
    if ((this.#pool.budget.take(nowMs) || isNeeded) && this.events.mayOpen(isNeeded)) {
      const connected = this.#connect()
      if (connected !== undefined) return connected
    }
    if (this.#fresh.length > 0) return anyOf(this.#fresh)
    // Too few descriptors: then ports are used more often, rather than queries refused.
    const spent = [...this.#open.values()]
    if (spent.length === 0)
      throw Object.assign(new Error('no sockets left'), { code: 'NO_SOCKETS' })
    // Rather a younger one: the oldest come to their last reply that way, and make room for new
    // ports.
    return [anyOf(spent), anyOf(spent), anyOf(spent)].reduce((a, b) =>
      a.serial > b.serial ? a : b,
    )
  }

  /** Undefined if the system has none left, and those that are open can do. */
  #connect(): PooledSocket | undefined {
    if (this.#fresh.length >= POOL_SIZE) this.#retire(this.#fresh[0]!)
    try {
      const socket = this.#pool.connect(this)
      this.#open.set(socket.serial, socket)
      this.#fresh.push(socket)
      return socket
    } catch (error) {
      this.events.closed()
      if (this.#open.size > 0 && EXHAUSTED.has((error as { code?: string }).code ?? ''))
        return undefined
      throw error
    }
  }

  #retireOld(nowMs: number): void {
    for (;;) {
      const [oldest] = this.#fresh
      if (oldest === undefined || nowMs - oldest.openedMs <= LIFETIME_MS) return
      this.#retire(oldest)
    }
  }

  #retire(socket: PooledSocket): void {
    if (socket.pending > 0) this.#spend(socket)
    else this.#close(socket)
  }

  #spend(socket: PooledSocket): void {
    socket.isSpent = true
    this.#fresh.splice(this.#fresh.indexOf(socket), 1)
  }

  #close(socket: PooledSocket): void {
    if (!socket.isSpent) this.#spend(socket)
    socket.isClosed = true
    this.#open.delete(socket.serial)
    if (this.#chosen === socket) this.#chosen = undefined
    this.#pool.unwatch(socket)
    this.#pool.disconnect(socket)
    this.events.closed()
  }
}
