// Hot path. What the engine waits for by poll(2): its sockets, libuv's descriptor, then the pooled
// sockets with replies outstanding, in this order.

import { C, POLLFD } from './abi.ts'
import type { Libc, Pinned } from './libc.ts'
import type { PooledSocket } from './pool/pooled-socket.ts'
import type { MmsgUdpPool } from './pool/udp-pool.ts'
import type { MmsgSocket } from './socket.ts'

const WORDS = POLLFD.size / 4
const INITIAL_WORDS = 16 * WORDS

export class PollSet {
  readonly #libc: Libc
  readonly #loopFd: number
  readonly #pool: MmsgUdpPool
  #sockets: readonly MmsgSocket[] = []
  #fds: Pinned<Int32Array>
  #count = 0
  /** The same, as libc wants it: made once, since a bigint allocates. */
  #nfds = 0n
  /** Of the pool, when the set was laid out. */
  #version = -1
  readonly #ready: PooledSocket[] = []

  constructor(libc: Libc, loopFd: number, pool: MmsgUdpPool) {
    this.#libc = libc
    this.#loopFd = loopFd
    this.#fds = libc.pin(new Int32Array(INITIAL_WORDS))
    this.#pool = pool
  }

  watch(sockets: readonly MmsgSocket[]): void {
    this.#sockets = sockets
    this.#version = -1
  }

  /**
   * Waits for any of them: how many are ready, 0 after the time-out, -1 with errno. A time-out
   * below 0 is none.
   */
  wait(timeoutMs: number): number {
    if (this.#version !== this.#pool.version) this.#layOut()
    const words = this.#fds.view
    for (let word = 1; word < this.#count * WORDS; word += WORDS) words[word] = C.POLLIN
    return this.#libc.poll(this.#fds.address, this.#nfds, timeoutMs)
  }

  isReady(socket: number): boolean {
    return this.#fds.view[socket * WORDS + 1]! >>> 16 !== 0
  }
  get isLoopReady(): boolean {
    return this.isReady(this.#sockets.length)
  }

  /**
   * Pooled sockets that have something; to be asked before anything else changes what they wait
   * for.
   */
  readyPooled(): readonly PooledSocket[] {
    const ready = this.#ready
    const first = this.#sockets.length + 1
    ready.length = 0
    for (let k = first; k < this.#count; k++)
      if (this.isReady(k)) ready.push(this.#pool.waiting[k - first]!)
    return ready
  }

  #layOut(): void {
    const { waiting, version } = this.#pool
    const own = this.#sockets.length
    const count = own + 1 + waiting.length
    this.#version = version
    if (this.#fds.view.length < count * WORDS)
      this.#fds = this.#libc.pin(new Int32Array(2 * count * WORDS))
    const words = this.#fds.view
    for (let k = 0; k < own; k++) words[k * WORDS] = this.#sockets[k]!.fd
    words[own * WORDS] = this.#loopFd
    for (let k = 0; k < waiting.length; k++) words[(own + 1 + k) * WORDS] = waiting[k]!.fd
    if (this.#count === count) return
    this.#count = count
    this.#nfds = BigInt(count)
  }
}
