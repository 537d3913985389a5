// All connected sockets of a shard: opens and closes them, sends what was queued in a turn, and
// receives for the engine, which waits for those with replies outstanding. ICMP errors are queued
// by the kernel with the datagram that each is about (IP_RECVERR), so that an error fails the
// exchange it belongs to, and no other.

import type { PooledSockets, UdpPool, UdpPoolEvents } from '../../../chain/plugin/udp-pool.ts'
import type { Peer } from '../../../chain/query/query.ts'
import { listenText } from '../../engine.ts'
import { C, IOVEC, MMSGHDR } from '../abi.ts'
import type { Libc, Pinned } from '../libc.ts'
import type { MonotonicClock } from '../monotonic.ts'
import { type Destination, Outbound } from '../outbound.ts'
import { codeOfErrno, setOption, sockaddrOf, sockaddrText } from '../sockets.ts'
import { PooledDescriptors } from './descriptors.ts'
import { IcmpErrors } from './icmp-errors.ts'
import {
  PooledSocket,
  PortBudget,
  type SharedPool,
  UpstreamSockets,
  USES,
} from './pooled-socket.ts'

/** Replies that one system call takes. */
const BATCH = 32
/** Any datagram fits. Pages are used only as far as replies reach. */
const SLOT_BYTES = 65_600
/**
 * Of a reply of 4096 bytes, with what the kernel counts for it. It grants twice what is asked for,
 * and less where net.core.rmem_max says so.
 */
const REPLY_BYTES = 9216
const RECV_BUFFER_BYTES = (USES * REPLY_BYTES) / 2
const CONNECTED: Destination = { nameLength: 0, controlLength: 0, words: new Int32Array(8) }

export interface UdpPoolParts {
  readonly clock: Pick<MonotonicClock, 'tick' | 'ms'>
  /** Called whenever a first reply is outstanding at a socket. */
  readonly onWaiting: () => void
  /** The shard's inbound memory, where descriptors are noted. */
  readonly words: Int32Array
}

export class MmsgUdpPool implements UdpPool, SharedPool {
  /** Counts turns of the event loop in which something was sent. */
  turn = 0
  /** Sockets with replies outstanding, for the engine to wait for. `version` changes with them. */
  readonly waiting: PooledSocket[] = []
  version = 0
  isOpen = true
  readonly budget = new PortBudget()
  readonly #libc: Libc
  readonly #clock: Pick<MonotonicClock, 'tick' | 'ms'>
  readonly #descriptors: PooledDescriptors
  readonly #errors: IcmpErrors
  readonly #onWaiting: () => void
  readonly #outbound: Outbound
  readonly #bytes: Pinned<Uint8Array>
  readonly #iovecs: Pinned<BigUint64Array>
  readonly #headers: Pinned<BigUint64Array<ArrayBuffer>>
  readonly #headerWords: Int32Array
  /**
   * To be closed with the end of the turn: what is queued for them goes out first, since their
   * numbers may be other sockets' next.
   */
  readonly #closing: PooledSocket[] = []
  #lastSerial = 0
  #flushing = false
  readonly #flush = (): void => {
    this.#flushing = false
    this.turn++
    this.#outbound.flush()
    for (const { fd, entry } of this.#closing) {
      this.#descriptors.forget(entry)
      this.#libc.close(fd)
    }
    this.#closing.length = 0
  }

  constructor(libc: Libc, parts: UdpPoolParts) {
    this.#libc = libc
    this.#clock = parts.clock
    this.#onWaiting = parts.onWaiting
    this.#descriptors = new PooledDescriptors(libc, parts.words)
    this.#errors = new IcmpErrors(libc)
    // What cannot be sent is as a datagram lost on the way: the exchange times out and is tried
    // elsewhere.
    this.#outbound = new Outbound(
      libc,
      { full: () => {}, refused: () => {} },
      { isConnected: true },
    )
    this.#bytes = libc.pin(new Uint8Array(BATCH * SLOT_BYTES))
    this.#iovecs = libc.pin(new BigUint64Array((BATCH * IOVEC.size) / 8))
    this.#headers = libc.pin(new BigUint64Array((BATCH * MMSGHDR.size) / 8))
    this.#headerWords = new Int32Array(this.#headers.view.buffer)
    for (let k = 0; k < BATCH; k++) {
      this.#iovecs.view[k * 2] = this.#bytes.address + BigInt(k * SLOT_BYTES)
      this.#iovecs.view[k * 2 + 1] = BigInt(SLOT_BYTES)
      const header = (k * MMSGHDR.size) / 8
      this.#headers.view[header + (MMSGHDR.iov >> 3)] =
        this.#iovecs.address + BigInt(k * IOVEC.size)
      this.#headers.view[header + (MMSGHDR.iovlen >> 3)] = 1n
    }
  }

  open(remote: Peer, sourceAddress: string, events: UdpPoolEvents): PooledSockets {
    return new UpstreamSockets(this, remote, sourceAddress, events)
  }

  nowMs(): number {
    this.#clock.tick()
    return this.#clock.ms
  }

  /** Throws an error with a `code`. */
  connect(owner: UpstreamSockets): PooledSocket {
    const libc = this.#libc
    const { remote, sourceAddress } = owner
    const family = remote.family === 4 ? C.AF_INET : C.AF_INET6
    const to = sockaddrOf(libc, remote)
    const from =
      sourceAddress === '' ? undefined : sockaddrOf(libc, { address: sourceAddress, port: 0 })
    const fd = libc.socket(family, C.SOCK_DGRAM | C.SOCK_NONBLOCK | C.SOCK_CLOEXEC, 0)
    if (fd < 0) throw failure(libc.errno())
    const entry = this.#descriptors.note(fd)
    setOption(libc, fd, C.SOL_SOCKET, C.SO_RCVBUF, RECV_BUFFER_BYTES)
    if (family === C.AF_INET) setOption(libc, fd, C.IPPROTO_IP, C.IP_RECVERR, 1)
    else setOption(libc, fd, C.IPPROTO_IPV6, C.IPV6_RECVERR, 1)
    const isBound = from === undefined || libc.bind(fd, from, from.length) === 0
    if (isBound && libc.connect(fd, to, to.length) === 0) {
      this.#lastSerial = (this.#lastSerial + 1) & 0x7fff_ffff
      return new PooledSocket(this.#lastSerial, { fd, entry, owner, openedMs: this.#clock.ms })
    }
    const errno = libc.errno()
    this.#descriptors.forget(entry)
    libc.close(fd)
    throw failure(errno)
  }

  disconnect(socket: PooledSocket): void {
    this.#closing.push(socket)
    this.#flushLater()
  }

  queue(socket: PooledSocket, message: Uint8Array, id: number): void {
    this.#outbound.put(socket.fd, message, CONNECTED, id)
    this.#flushLater()
  }

  watch(socket: PooledSocket): void {
    socket.waitingAt = this.waiting.push(socket) - 1
    this.version++
    this.#onWaiting()
  }

  unwatch(socket: PooledSocket): void {
    const at = socket.waitingAt
    if (at < 0) return
    socket.waitingAt = -1
    const last = this.waiting.pop()!
    if (last !== socket) {
      this.waiting[at] = last
      last.waitingAt = at
    }
    this.version++
  }

  /** Runs when the engine's turn is over, with all that it queued. */
  #flushLater(): void {
    if (this.#flushing) return
    this.#flushing = true
    queueMicrotask(this.#flush)
  }

  /** The engine has ended: all waiting exchanges fail. */
  end(): void {
    this.isOpen = false
    for (const socket of [...this.waiting]) socket.owner.failed(socket, 'EIO')
  }

  /** Hands out what has come to a socket. */
  receive(socket: PooledSocket): void {
    if (socket.isClosed) return
    const count = this.#libc.recvmmsg(socket.fd, this.#headers.address, BATCH, C.MSG_DONTWAIT, 0n)
    if (count < 0) {
      const errno = this.#libc.errno()
      if (errno === C.EINTR) return
      // An error is told once by the call and lies in the queue too; one that a send was told of
      // lies there only.
      const wasQueued = this.#errors.read(socket.fd, (id, code) =>
        socket.owner.refused(socket, id, code),
      )
      if (!wasQueued && errno !== C.EAGAIN) socket.owner.failed(socket, codeOfErrno(errno))
      return
    }
    for (let k = 0; k < count; k++) {
      const length = this.#headerWords[k * (MMSGHDR.size / 4) + (MMSGHDR.len >> 2)]!
      const start = k * SLOT_BYTES
      socket.owner.events.received(socket.serial, this.#bytes.view.slice(start, start + length))
    }
  }

  pathOf(socket: PooledSocket): string {
    const name = new Uint8Array(28)
    const size = Int32Array.of(name.length)
    const known = this.#libc.getsockname(socket.fd, name, size) === 0
    return `${known ? sockaddrText(this.#libc, name) : ''}->${listenText(socket.owner.remote)}`
  }
}

const failure = (errno: number): Error => {
  const code = codeOfErrno(errno)
  return Object.assign(new Error(code), { code })
}
