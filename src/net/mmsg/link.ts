// A pool of connected UDP sockets to one upstream. The kernel draws each one's port; a socket is used for a second or for some hundred messages
// at most, all messages of one turn of the event loop share one, and which one is drawn anew each turn. So a port is known to nobody for
// long (RFC 5452), strangers' datagrams and ICMP never reach it, and system calls are shared.

import type { DatagramLink, LinkEvents } from '../../core/datagram-links.ts'
import { randomBelow } from '../../core/entropy.ts'
import type { Peer } from '../../core/query.ts'
import type { LinkSockets } from './links.ts'

/** Sockets that are drawn from. */
const POOL_SIZE = 8
const LIFETIME_MS = 1000
const USES = 512

/** One connected socket. */
export class LinkSocket {
  readonly serial: number
  readonly fd: number
  readonly link: Link
  readonly openedMs: number
  uses = 0
  /** Messages whose replies are waited for. */
  pending = 0
  /** Datagrams that answered nothing that was waited for. */
  strangers = 0
  /** Its descriptor's number may be somebody else's by now. */
  isClosed = false

  constructor(serial: number, fd: number, link: Link, openedMs: number) {
    this.serial = serial
    this.fd = fd
    this.link = link
    this.openedMs = openedMs
  }

  isSpent(nowMs: number): boolean {
    return this.uses >= USES || nowMs - this.openedMs > LIFETIME_MS
  }
}

export class Link implements DatagramLink {
  readonly events: LinkEvents
  readonly remote: Peer
  readonly sourceAddress: string
  readonly #sockets: LinkSockets
  /** Those that may be chosen, and those that only wait for replies. */
  #fresh: LinkSocket[] = []
  readonly #spent = new Map<number, LinkSocket>()
  #chosen: LinkSocket | undefined
  #chosenTurn = -1

  constructor(sockets: LinkSockets, remote: Peer, sourceAddress: string, events: LinkEvents) {
    this.#sockets = sockets
    this.remote = remote
    this.sourceAddress = sourceAddress
    this.events = events
  }

  choose(): number {
    const { turn } = this.#sockets
    if (this.#chosen === undefined || this.#chosenTurn !== turn) {
      this.#retireSpent()
      this.#chosen = this.#draw()
      this.#chosenTurn = turn
    }
    return this.#chosen.serial
  }

  send(message: Uint8Array, id: number): void {
    const socket = this.#chosen!
    socket.uses++
    if (socket.pending++ === 0) this.#sockets.watch(socket)
    this.#sockets.queue(socket, message, id)
  }

  settled(serial: number): void {
    const socket = this.#find(serial)
    if (socket === undefined || --socket.pending > 0) return
    this.#sockets.unwatch(socket)
    if (this.#spent.delete(serial)) this.#close(socket)
  }

  stranger(serial: number): number {
    const socket = this.#find(serial)
    return socket === undefined ? 0 : Math.max(0, ++socket.strangers - (socket.uses - socket.pending))
  }

  path(serial: number): string {
    const socket = this.#find(serial)
    return socket === undefined ? '' : this.#sockets.pathOf(socket)
  }

  sweep(): void {
    this.#retireSpent()
  }

  close(): void {
    for (const socket of [...this.#fresh, ...this.#spent.values()]) {
      this.#sockets.unwatch(socket)
      this.#close(socket)
    }
    this.#fresh = []
    this.#spent.clear()
    this.#chosen = undefined
  }

  /** A receive or send has failed for good. */
  failed(socket: LinkSocket, code: string): void {
    const path = this.#sockets.pathOf(socket)
    this.#sockets.unwatch(socket)
    this.#fresh = this.#fresh.filter(other => other !== socket)
    this.#spent.delete(socket.serial)
    if (this.#chosen === socket) this.#chosen = undefined
    this.#close(socket)
    this.events.failed(socket.serial, code, path)
  }

  #draw(): LinkSocket {
    if (this.#fresh.length < POOL_SIZE && this.events.mayOpen()) {
      try {
        const socket = this.#sockets.connect(this)
        this.#fresh.push(socket)
        return socket
      } catch (error) {
        this.events.closed()
        throw error
      }
    }
    const drawn = this.#fresh[randomBelow(Math.max(1, this.#fresh.length))]
    if (drawn === undefined) throw Object.assign(new Error('no sockets left'), { code: 'NO_SOCKETS' })
    return drawn
  }

  #retireSpent(): void {
    const nowMs = this.#sockets.nowMs()
    if (!this.#fresh.some(socket => socket.isSpent(nowMs))) return
    for (const socket of this.#fresh) {
      if (!socket.isSpent(nowMs)) continue
      if (socket === this.#chosen) this.#chosen = undefined
      if (socket.pending > 0) this.#spent.set(socket.serial, socket)
      else this.#close(socket)
    }
    this.#fresh = this.#fresh.filter(socket => !socket.isSpent(nowMs))
  }

  #find(serial: number): LinkSocket | undefined {
    return this.#spent.get(serial) ?? this.#fresh.find(socket => socket.serial === serial)
  }

  #close(socket: LinkSocket): void {
    socket.isClosed = true
    this.#sockets.disconnect(socket)
    this.events.closed()
  }
}
