// Questions to one upstream over the engine's pooled sockets: many at a time on each, told apart by
// socket and id. A reply counts only on the very socket that its question left from, so a forger
// has to meet port and id, as with a socket for each question.

import { IntMap } from '../base/int-map.ts'
import type { Clock } from '../base/time/clock.ts'
import type { PooledSockets, UdpPool, UdpPoolEvents } from '../chain/plugin/udp-pool.ts'
import { getId, HEADER_SIZE } from '../wire/header.ts'
import type { Endpoint } from './endpoint.ts'
import { ExchangeError, ioError, timeoutError } from './exchange-error.ts'
import type { Ask, Verdict } from './relayed-question.ts'
import type { SocketAllowance } from './socket-allowance.ts'
import { checkFamilies, Doubts, UdpClient, type UdpExchanger } from './udp-client.ts'

/** How exactly time-outs are kept. */
const TICK_MS = 20
const ID_COUNT = 0x10000
const STRANGER_STEP = 64
/**
 * Of an id for a question: with tens of thousands on one socket, which is rather a lack of sockets,
 * a question takes one of its own.
 */
const MOST_DRAWS = 32

interface Exchange {
  readonly key: number
  readonly ask: Ask
  readonly serial: number
  readonly deadlineMs: number
  readonly resolve: (reply: Uint8Array) => void
  readonly reject: (error: ExchangeError) => void
  /** Made when there are any. */
  doubts: Doubts | undefined
}

export interface PooledUdpClientParts {
  readonly remote: Endpoint
  readonly udpPool: UdpPool
  readonly sockets: SocketAllowance
  readonly clock: Pick<Clock, 'ms'>
  /** Told of datagrams that answer no question. */
  readonly ignored: () => void
  /** '' leaves the choice to the kernel. */
  readonly sourceAddress: string
}

export class PooledUdpClient implements UdpExchanger {
  readonly #parts: PooledUdpClientParts
  readonly #pooled: PooledSockets
  /** For when the engine has ended. */
  readonly #fallback: UdpClient
  /** By serial * 65536 + id. */
  readonly #pending = new IntMap<Exchange>()
  #ticker: NodeJS.Timeout | undefined
  #wasOpened = false

  constructor(parts: PooledUdpClientParts) {
    const { remote, udpPool, sockets, sourceAddress } = parts
    this.#parts = parts
    this.#fallback = new UdpClient(sockets, sourceAddress)
    const events: UdpPoolEvents = {
      mayOpen: isNeeded => {
        const mayOpen = (isNeeded || sockets.isAmple) && sockets.tryOpen()
        if (mayOpen) this.#wasOpened = true
        return mayOpen
      },
      closed: () => sockets.closed(),
      received: (serial, bytes) => this.#received(serial, bytes),
      refused: (serial, id, code) => this.#refused(serial, id, code),
      failed: (serial, code, path) => this.#failed(serial, code, path),
    }
    this.#pooled = udpPool.open(remote, sourceAddress, events)
  }

  exchange(remote: Endpoint, ask: Ask, timeoutMs: number): Promise<Uint8Array> {
    this.#wasOpened = !this.#parts.udpPool.isOpen
    if (this.#wasOpened) return this.#fallback.exchange(remote, ask, timeoutMs)
    return new Promise((resolve, reject) => {
      const serial = this.#choose()
      // The same id twice on one socket could not be told apart.
      for (
        let draws = 0;
        draws < MOST_DRAWS && this.#pending.has(serial * ID_COUNT + ask.id);
        draws++
      )
        ask.redraw()
      const key = serial * ID_COUNT + ask.id
      if (this.#pending.has(key)) {
        this.#fallback.exchange(remote, ask, timeoutMs).then(resolve, reject)
        return
      }
      this.#pooled.send(ask.template, ask.id)
      const deadlineMs = this.#parts.clock.ms() + timeoutMs
      this.#pending.set(key, { key, ask, serial, deadlineMs, resolve, reject, doubts: undefined })
      this.#ticker ??= setInterval(() => this.#tick(), TICK_MS)
    })
  }

  get wasReused(): boolean {
    return !this.#wasOpened
  }

  sweep(): void {
    this.#pooled.sweep()
  }

  close(): void {
    for (const { key, serial, reject } of this.#pending.values()) {
      this.#pending.delete(key)
      reject(
        new ExchangeError('local', `read udp ${this.#pooled.path(serial)}: operation was canceled`),
      )
    }
    clearInterval(this.#ticker)
    this.#ticker = undefined
    this.#pooled.close()
    this.#fallback.close()
  }

  #choose(): number {
    const { remote, sockets, sourceAddress } = this.#parts
    const { name } = remote
    if (sourceAddress !== '') checkFamilies(`dial udp ${name}`, sourceAddress, remote)
    try {
      return this.#pooled.choose()
    } catch (cause) {
      if ((cause as { code?: string }).code === 'NO_SOCKETS') {
        throw new ExchangeError(
          'local',
          `dial udp ${name}: too many sockets to upstreams (${sockets.limit})`,
        )
      }
      throw ioError(`dial udp ${name}: connect`, cause)
    }
  }

  #received(serial: number, bytes: Uint8Array): void {
    const key = bytes.length < HEADER_SIZE ? -1 : serial * ID_COUNT + getId(bytes, 0)
    const exchange = this.#pending.get(key)
    if (exchange === undefined) {
      this.#stranger(serial)
      return
    }
    const verdict = exchange.ask.judge(bytes)
    if (verdict !== 'accept') {
      this.#doubt(exchange, verdict)
      return
    }
    this.#end(exchange)
    exchange.resolve(bytes)
  }

  /**
   * If a socket gets more strange messages than late and duplicate replies can explain, its
   * exchanges ask over TCP, too. Not at each such message: going through all pending exchanges
   * takes time.
   */
  #stranger(serial: number): void {
    this.#parts.ignored()
    if (this.#pooled.stranger(serial) % STRANGER_STEP !== 1) return
    for (const exchange of this.#pending.values())
      if (exchange.serial === serial) this.#doubt(exchange, 'stranger')
  }

  #doubt(exchange: Exchange, verdict: Verdict): void {
    const { ask, key, serial } = exchange
    const over = (): boolean => this.#pending.get(key) !== exchange
    exchange.doubts ??= new Doubts(ask, {
      resolve: reply => {
        if (over()) return
        this.#end(exchange)
        exchange.resolve(reply)
      },
      reject: error => {
        if (over()) return
        this.#end(exchange)
        exchange.reject(error)
      },
      path: () => this.#pooled.path(serial),
    })
    exchange.doubts.raise(verdict)
  }

  #end({ key, serial }: Exchange): void {
    this.#pending.delete(key)
    this.#pooled.settled(serial)
    if (this.#pending.size > 0) return
    clearInterval(this.#ticker)
    this.#ticker = undefined
  }

  /** Only the exchange that the error is about ends: replies to the others may be on their way. */
  #refused(serial: number, id: number, code: string): void {
    const exchange = id >= 0 ? this.#pending.get(serial * ID_COUNT + id) : this.#onlyOneOf(serial)
    if (exchange === undefined) return
    const path = this.#pooled.path(serial)
    this.#end(exchange)
    exchange.reject(ioError(`read udp ${path}: read`, { code }))
  }

  #onlyOneOf(serial: number): Exchange | undefined {
    const exchanges = [...this.#pending.values()].filter(exchange => exchange.serial === serial)
    return exchanges.length === 1 ? exchanges[0] : undefined
  }

  #failed(broken: number, code: string, path: string): void {
    for (const exchange of this.#pending.values()) {
      if (exchange.serial !== broken) continue
      this.#end(exchange)
      exchange.reject(ioError(`read udp ${path}: read`, { code }))
    }
  }

  #tick(): void {
    const nowMs = this.#parts.clock.ms()
    for (const exchange of this.#pending.values()) {
      if (exchange.deadlineMs > nowMs) continue
      const path = this.#pooled.path(exchange.serial)
      this.#end(exchange)
      exchange.reject(timeoutError(`read udp ${path}`))
    }
  }
}
