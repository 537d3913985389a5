// Hot path. The sockets of one listen address in one shard. Received messages go to the generation
// that serves the address at that moment.

import { systemClock } from '../base/time/clock.ts'
import { isOfStreamShards } from '../chain/listening.ts'
import type { FastQuery } from '../chain/query/fast-query.ts'
import type { Logger } from '../log/logger.ts'
import type { ProxyResult, ShardCounts } from '../metrics/shard-counts.ts'
import { type ListenAddress, listenError, type OpenListener, type Receiver } from '../net/engine.ts'
import { ProxyJudge } from '../net/proxy/judge.ts'
import { openStream } from '../net/stream/listener.ts'
import type { TcpRoom } from '../net/tcp/room.ts'
import type { Dispatcher } from './answer/dispatch.ts'
import type { FastPath } from './answer/fast-path.ts'
import type { ServedListener } from './generation.ts'
import type { BootMessage } from './messages.ts'
import type { UdpEngine } from './udp-engine.ts'

export interface BindingParts {
  readonly dispatcher: Dispatcher
  readonly fastPath: FastPath
  readonly udp: UdpEngine
  readonly tcpRoom: TcpRoom
  readonly counts: ShardCounts
  readonly log: Logger
}

const inWords = (
  network: 'tcp' | 'udp',
  at: ListenAddress,
  opening: Promise<OpenListener>,
): Promise<OpenListener> =>
  opening.catch(error => {
    throw listenError(network, at, error)
  })

/** Its place among the shards of its kind, which is that of its sockets in a group. */
const seatOf = ({ shard, shards, streamShards }: BootMessage): number => {
  const ordinary = shards - streamShards
  return shard < ordinary ? shard : shard - ordinary
}

type ReceiveParts = Parameters<Receiver['receive']>

export class Binding implements Receiver {
  served: ServedListener
  proxy: ProxyJudge | undefined
  readonly #parts: BindingParts
  #sockets: readonly OpenListener[] = []

  constructor(served: ServedListener, parts: BindingParts) {
    this.served = served
    this.#parts = parts
    this.proxy = this.#judgeOf(served)
  }

  /** Another generation serves from now on. */
  serve(served: ServedListener): void {
    this.served = served
    this.proxy = this.#judgeOf(served)
  }

  #judgeOf({ message: { proxy } }: ServedListener): ProxyJudge | undefined {
    const { counts, log } = this.#parts
    if (proxy === undefined) return undefined
    const count = (result: ProxyResult): void => counts.proxyHeader(result)
    return new ProxyJudge(proxy, { clock: systemClock, count, warn: log.warning }, this.proxy)
  }

  get listener() {
    return this.served.ref
  }
  get tcpLimits() {
    return this.served.message.tcpLimits
  }
  get serving() {
    return this.served.message
  }
  httpAnswered(status: number): void {
    this.served.countHttp(status)
  }
  fast(query: FastQuery): number {
    this.#parts.counts.worked()
    return this.#parts.fastPath.answer(this.served, query)
  }
  batchSent(elapsedMs: number): void {
    this.served.generation.batchSent(elapsedMs)
  }
  receive(...[bytes, transport, client, local, respond, query, by]: ReceiveParts) {
    const { dispatcher, fastPath } = this.#parts
    const left = query?.isRead ? { query, route: fastPath.route } : undefined
    dispatcher.receive(this.served, bytes, transport, client, local, respond, left, by)
  }

  /**
   * Throws with CoreDNS's text if an address cannot be bound. TCP is opened first: a client that is
   * told to retry over TCP must find it open.
   */
  async open(boot: BootMessage): Promise<void> {
    const { message } = this.served
    const { udp, tcpRoom, log } = this.#parts
    const { canReusePort } = boot
    const fd = message.tcp?.fds[seatOf(boot)]
    const borrowed = udp.libc === undefined || fd === undefined ? undefined : { libc: udp.libc, fd }
    const options = {
      room: tcpRoom,
      canReusePort,
      borrowed,
      onError: log.error,
      onRefused: log.warning,
    }
    this.#sockets = [await inWords('tcp', message, openStream(message, this, options))]
    if (isOfStreamShards(message.scheme)) return
    this.#sockets = [...this.#sockets, await inWords('udp', message, udp.open(message, this))]
  }

  /** Starts to receive, on sockets where this can wait until the configuration is in force. */
  start(): void {
    for (const socket of this.#sockets) socket.start?.()
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all(this.#sockets.map(socket => socket.close(graceMs)))
  }
}
