// UDP through node:dgram: one SO_REUSEPORT socket per address and shard. A wildcard listener has a
// wildcard socket, and a socket for each address of the machine. The list of addresses is read
// again every few seconds; until then the wildcard socket serves new ones.

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { parseIp } from '../../base/ip.ts'
import { systemClock } from '../../base/time/clock.ts'
import type { FastQuery } from '../../chain/query/fast-query.ts'
import type { Peer } from '../../chain/query/query.ts'
import {
  type ListenAddress,
  lengthBehind,
  type OpenListener,
  peerOf,
  type Receiver,
  type Respond,
} from '../engine.ts'
import { localAddresses } from '../local-addresses.ts'
import { NOT_NOTED } from '../mmsg/journal.ts'
import { DROPPED } from '../proxy/judge.ts'
import { type BatchCounts, DgramFastPath } from './fast-path.ts'
import type { DgramJournal, Left } from './journal.ts'

const RESCAN_MS = 5000
/** Replies that wait in Node for room in the kernel's buffer. */
const SEND_QUEUE_LIMIT_BYTES = 1024 * 1024

export interface DgramCounts extends BatchCounts {
  /** A reply was dropped since too many wait to be sent. */
  full(): void
}

export interface UdpOptions {
  /** The shard's, for the fast path. */
  readonly query: FastQuery
  /** Asked of the kernel, which may grant less. */
  readonly recvBufferBytes: number
  readonly counts: DgramCounts
  readonly canReusePort: boolean
  /** Where queries that wait are noted for a successor, if they are. */
  readonly journal?: DgramJournal | undefined
  /** Told of each failure to send or to open an address of a wildcard listener. */
  readonly onError: (text: string) => void
}

type To = Pick<Peer, 'address' | 'port'>

const isV6 = (address: string): boolean => address.includes(':')

// dgram defers each send by a tick to look the address up, unless the look-up calls back at once.
// Ours is always literal.
const literalLookup = (address: string, family: unknown, done: unknown): void => {
  const callback = (typeof family === 'function' ? family : done) as (
    error: null,
    address: string,
    family: number,
  ) => void
  callback(null, address, isV6(address) ? 6 : 4)
}

const bindSocket = async (address: string, port: number, options: UdpOptions): Promise<Socket> => {
  const socket = createSocket({
    type: isV6(address) ? 'udp6' : 'udp4',
    reusePort: options.canReusePort,
    lookup: literalLookup as never,
  })
  try {
    // Listened for first: with our look-up the event may come before bind returns.
    const listening = once(socket, 'listening')
    socket.bind({ address, port, exclusive: true })
    await listening
    socket.setRecvBufferSize(options.recvBufferBytes)
  } catch (error) {
    socket.close()
    throw error
  }
  return socket
}

const messageBehind = (header: number, datagram: Uint8Array): Uint8Array => {
  const message = new Uint8Array(lengthBehind(header, datagram.length))
  message.set(datagram.subarray(header, header + message.length))
  return message
}

class UdpListener implements OpenListener {
  readonly #place: ListenAddress
  readonly #receiver: Receiver
  readonly #options: UdpOptions
  readonly #sockets = new Map<string, Socket>()
  #rescan: NodeJS.Timeout | undefined
  readonly #fast: DgramFastPath
  #received = 0
  #inFlight = 0
  #isOutOfGrace = false
  #drained: (() => void) | undefined

  constructor(place: ListenAddress, receiver: Receiver, options: UdpOptions) {
    this.#place = place
    this.#receiver = receiver
    this.#options = options
    this.#fast = new DgramFastPath(options.query, receiver, options.counts)
  }

  get port(): number | undefined {
    const [socket] = this.#sockets.values()
    return socket?.address().port
  }

  async open(): Promise<void> {
    const { address } = this.#place
    if (address !== '') return this.#bind(address)
    try {
      await this.#bind('::')
    } catch (error) {
      if (
        !['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'].includes(
          (error as NodeJS.ErrnoException).code ?? '',
        )
      )
        throw error
      // A machine without IPv6.
      await this.#bind('0.0.0.0')
    }
    await this.#bindLocal()
    this.#rescan = setInterval(() => void this.#bindLocal(), RESCAN_MS).unref()
  }

  async close(graceMs: number): Promise<void> {
    clearInterval(this.#rescan)
    const timer = setTimeout(() => {
      this.#isOutOfGrace = true
      this.#drained?.()
    }, graceMs)
    if (graceMs > 0) await this.#quiet()
    clearTimeout(timer)
    for (const socket of this.#sockets.values()) socket.close()
    this.#sockets.clear()
  }

  /**
   * Goes on receiving until no reply is outstanding and a whole turn of the event loop has brought
   * no datagram. If a socket is closed then, only queries of the microseconds in between are lost.
   */
  async #quiet(): Promise<void> {
    for (let seen = -1; !this.#isOutOfGrace && (seen !== this.#received || this.#inFlight > 0); ) {
      if (this.#inFlight > 0) await new Promise<void>(resolve => (this.#drained = resolve))
      seen = this.#received
      for (let turn = 0; turn < 2; turn++) await turnOfLoop()
    }
  }

  async #bindLocal(): Promise<void> {
    const present = new Set(localAddresses())
    for (const [address, socket] of this.#sockets) {
      if (present.has(address) || address === '::' || address === '0.0.0.0') continue
      socket.close()
      this.#sockets.delete(address)
    }
    for (const address of present) {
      if (this.#sockets.has(address)) continue
      try {
        await this.#bind(address)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        // The address has just gone, or is not usable yet: the wildcard socket answers for it, and
        // the next look may find it.
        if (code !== 'EADDRNOTAVAIL')
          this.#options.onError(`udp ${address}: ${code ?? String(error)}`)
      }
    }
  }

  async #bind(address: string): Promise<void> {
    const socket = await bindSocket(address, this.#place.port, this.#options)
    this.#sockets.set(address, socket)
    this.#listen(socket, peerOf(address, this.#place.port))
  }

  /** Takes over a socket that is bound already. */
  async adopt(fd: number, family: 4 | 6, local: Peer): Promise<void> {
    const socket = createSocket({
      type: family === 4 ? 'udp4' : 'udp6',
      lookup: literalLookup as never,
    })
    this.#sockets.set(local.address, socket)
    const listening = once(socket, 'listening')
    socket.bind({ fd, exclusive: true })
    await listening
    this.#listen(socket, local)
  }

  #listen(socket: Socket, local: Peer): void {
    socket.on('message', (bytes, from) => {
      this.#received++
      const reply = this.#fast.answer(bytes, from)
      if (reply !== undefined) {
        this.#send(socket, reply, from)
        return
      }
      const { header } = this.#fast
      if (header === DROPPED) return
      // A plain Uint8Array: `slice` of a Buffer would not copy.
      const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
      const datagram = { bytes: plain, client: peerOf(from.address, from.port), local }
      this.#receive(socket, datagram, header, from)
    })
    // An ICMP error of an earlier reply, or a full queue: UDP promises nothing, the client asks
    // again.
    socket.on('error', () => {})
    for (const left of this.#options.journal?.takeUp(local) ?? []) {
      const header = this.#openLeft(left)
      if (header !== DROPPED) this.#receive(socket, left, header, left.client, true)
    }
  }

  /** The length of its PROXY header, which is read once more. */
  #openLeft({ bytes, client: { address, port } }: Left): number {
    const sender = parseIp(address)
    const { proxy } = this.#receiver
    if (proxy === undefined || sender === undefined) return 0
    return proxy.openDatagram(bytes, 0, bytes.length, sender, port, systemClock.ms())
  }

  /**
   * On the slow path; `to` has the zone of a link-local sender, which `datagram` has not. The
   * journal has the datagram as it came: a successor reads its header, too.
   */
  #receive(socket: Socket, datagram: Left, header: number, to: To, isSecond = false): void {
    const { journal } = this.#options
    const bytes = header > 0 ? messageBehind(header, datagram.bytes) : datagram.bytes
    const client = this.#receiver.proxy?.clientPeer ?? datagram.client
    let isOver = false
    let entry = NOT_NOTED
    this.#inFlight++
    const respond: Respond = reply => {
      isOver = true
      journal?.settle(entry)
      this.#inFlight--
      if (reply !== undefined) this.#send(socket, reply, to)
      if (this.#inFlight === 0) this.#drained?.()
    }
    const read = isSecond ? undefined : this.#options.query
    this.#receiver.receive(bytes, 'udp', client, datagram.local, respond, read)
    if (!isOver && journal !== undefined && !to.address.includes('%'))
      entry = journal.note(datagram, isSecond)
  }

  #send(socket: Socket, reply: Uint8Array, { address, port }: To): void {
    try {
      if (socket.getSendQueueSize() < SEND_QUEUE_LIMIT_BYTES) socket.send(reply, port, address)
      else this.#options.counts.full()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // The socket was closed with its address: there is no address left to answer from.
      if (code !== 'ERR_SOCKET_DGRAM_NOT_RUNNING')
        this.#options.onError(`udp send: ${code ?? String(error)}`)
    }
  }
}

/** Rejects with the system's error if the address cannot be bound; nothing is left open then. */
export const openUdp = async (
  place: ListenAddress,
  receiver: Receiver,
  options: UdpOptions,
): Promise<OpenListener> => {
  const listener = new UdpListener(place, receiver, options)
  try {
    await listener.open()
  } catch (error) {
    await listener.close(0)
    throw error
  }
  return listener
}

/** Takes over a bound socket by its descriptor, which is closed with the listener. */
export const openUdpOn = async (
  fd: number,
  { family, local }: { readonly family: 4 | 6; readonly local: Peer },
  receiver: Receiver,
  options: UdpOptions,
): Promise<OpenListener> => {
  const listener = new UdpListener(local, receiver, options)
  await listener.adopt(fd, family, local)
  return listener
}
