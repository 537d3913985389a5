// How a shard listens on UDP: by the mmsg engine on sockets that main has opened, or by node:dgram
// on sockets of its own. When the mmsg engine fails, node:dgram takes over the very same sockets,
// so that no datagram in their queues is lost.

import type { UdpPool } from '../chain/plugin/udp-pool.ts'
import type { FastQuery } from '../chain/query/fast-query.ts'
import type { Logger } from '../log/logger.ts'
import type { ShardCounts } from '../metrics/shard-counts.ts'
import { openUdp, openUdpOn, type UdpOptions } from '../net/dgram/engine.ts'
import { DgramJournal } from '../net/dgram/journal.ts'
import { type OpenListener, peerOf, type Receiver } from '../net/engine.ts'
import { MmsgEngine } from '../net/mmsg/engine.ts'
import { type Libc, openLibc } from '../net/mmsg/libc.ts'
import { MmsgSocket } from '../net/mmsg/socket.ts'
import { leaveGroup, openAlone } from '../net/mmsg/sockets.ts'
import type { BootMessage, ListenerMessage } from './messages.ts'

export interface UdpEngineParts {
  readonly boot: BootMessage
  readonly query: FastQuery
  readonly counts: ShardCounts
  readonly log: Logger
  /** Called once if the mmsg engine has ended by itself. */
  readonly onFallback: (reason: string) => void
  /** For tests; the machine's own if absent. */
  readonly libc?: Libc
}

interface Listening {
  readonly socket: MmsgSocket
  isStarted: boolean
  /** Replaces the socket once the engine has failed. */
  dgram: Promise<OpenListener> | undefined
}

export class UdpEngine {
  readonly #parts: UdpEngineParts
  #dgramOptions: UdpOptions
  readonly #listening = new Set<Listening>()
  #libc: Libc | undefined
  #mmsg: MmsgEngine | undefined
  #hasFailed = false

  /** Throws if this shard must use mmsg and cannot. */
  constructor(parts: UdpEngineParts) {
    const { boot, query, counts, log } = parts
    this.#parts = parts
    this.#dgramOptions = {
      query,
      counts,
      recvBufferBytes: boot.recvBufferBytes,
      canReusePort: boot.canReusePort,
      onError: text => log.warning(text),
    }
    if (boot.engine === 'dgram') {
      this.#dgramOptions = { ...this.#dgramOptions, journal: new DgramJournal(boot.inbound) }
      return
    }
    const libc = parts.libc ?? openLibc()
    if (typeof libc === 'string') throw new Error(libc)
    this.#libc = libc
    this.#mmsg = new MmsgEngine({
      libc,
      inbound: boot.inbound,
      query,
      counts: parts.counts,
      onFailure: reason => this.#fallBack(reason),
    })
  }

  /** Undefined with node:dgram. */
  get libc(): Libc | undefined {
    return this.#libc
  }

  /** Pooled sockets to upstreams; undefined with node:dgram. */
  get udpPool(): UdpPool | undefined {
    return this.#mmsg?.udpPool
  }

  async open(message: ListenerMessage, receiver: Receiver): Promise<OpenListener> {
    const { udp, address, port } = message
    const fd = udp?.fds[this.#parts.boot.shard]
    if (this.#mmsg === undefined || udp === undefined || fd === undefined)
      return openUdp(message, receiver, this.#dgramOptions)
    const local = peerOf(address === '' ? '::' : address, port)
    const listening: Listening = {
      socket: new MmsgSocket(fd, receiver, local, udp),
      isStarted: false,
      dgram: undefined,
    }
    this.#listening.add(listening)
    return {
      start: () => this.#start(listening),
      close: graceMs => this.#close(listening, graceMs),
    }
  }

  /**
   * A socket of the shard's own at a port of the kernel's choice, to be closed soon: what it
   * receives is counted in `counts`, or not at all.
   */
  async openUncounted(
    address: string,
    receiver: Receiver,
    counts: ShardCounts,
  ): Promise<OpenListener> {
    const at = { address, port: 0 }
    if (this.#libc === undefined || this.#mmsg === undefined || this.#hasFailed) {
      const options = { ...this.#dgramOptions, counts, canReusePort: false, journal: undefined }
      return openUdp(at, receiver, options)
    }
    const { fd, port } = openAlone(this.#libc, at)
    const [libc, engine] = [this.#libc, this.#mmsg]
    const local = peerOf(address, port)
    const group = { isWildcard: false, family: local.family }
    const socket = new MmsgSocket(fd, receiver, local, group, false)
    engine.add(socket)
    const close = async (graceMs: number): Promise<void> => {
      await engine.remove(socket, graceMs)
      libc.close(fd)
    }
    return { port, close }
  }

  #start(listening: Listening): void {
    listening.isStarted = true
    if (this.#hasFailed) this.#takeOver(listening)
    else this.#mmsg?.add(listening.socket)
  }

  async #close(listening: Listening, graceMs: number): Promise<void> {
    this.#listening.delete(listening)
    // A socket that node:dgram has taken over still belongs to main.
    if (listening.dgram !== undefined && this.#libc !== undefined)
      leaveGroup(this.#libc, listening.socket.fd)
    await Promise.all([
      this.#mmsg?.remove(listening.socket, graceMs),
      listening.dgram?.then(
        socket => socket.close(graceMs),
        () => {},
      ),
    ])
  }

  #fallBack(reason: string): void {
    this.#hasFailed = true
    this.#parts.log.error(`engine mmsg failed (${reason}): node:dgram takes over`)
    this.#parts.onFallback(reason)
    for (const listening of this.#listening) if (listening.isStarted) this.#takeOver(listening)
  }

  /**
   * Takes over on a duplicated descriptor: node:dgram closes its descriptor when the thread ends,
   * and main's must stay open.
   */
  #takeOver(listening: Listening): void {
    const { fd, receiver, local, isV6 } = listening.socket
    const own = this.#libc?.dup(fd) ?? -1
    listening.dgram = openUdpOn(own, { family: isV6 ? 6 : 4, local }, receiver, this.#dgramOptions)
    listening.dgram.catch(error => this.#parts.log.error(`udp: ${String(error)}`))
  }
}
