// One question and its reply over UDP. Each exchange has a connected socket of its own with an
// ephemeral port that the kernel draws. The port is as unpredictable as the id, datagrams and ICMP
// errors of other senders never reach it, and it is closed a round trip later (RFC 5452, SAD DNS).

import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from '../base/ip-text.ts'
import { type Endpoint, hostPort } from './endpoint.ts'
import { ExchangeError, ioError, timeoutError } from './exchange-error.ts'
import type { Ask, Verdict } from './relayed-question.ts'
import type { SocketAllowance } from './socket-allowance.ts'

/** One question and its reply over UDP, with the sockets of the shard's engine. */
export interface UdpExchanger {
  /**
   * Resolves with the accepted reply, owned by the caller; rejects with an ExchangeError. Doubtful
   * replies make it ask over TCP too (Doubts).
   */
  exchange(remote: Endpoint, ask: Ask, timeoutMs: number): Promise<Uint8Array>
  /** Whether the last exchange was begun on a socket that others had used before. */
  readonly wasReused: boolean
  sweep(): void
  /** Ends all exchanges in flight; they reject. */
  close(): void
}

export interface Doubtful {
  readonly resolve: (reply: Uint8Array) => void
  readonly reject: (error: ExchangeError) => void
  /** Local and remote address, for the error. */
  readonly path: () => string
}

/**
 * What an exchange does about messages that are not its reply: it goes on waiting, and meanwhile
 * asks once more over TCP, where replies cannot be forged. The first answer wins.
 */
export class Doubts {
  readonly #ask: Ask
  readonly #exchange: Doubtful
  #isRaised = false

  constructor(ask: Ask, exchange: Doubtful) {
    this.#ask = ask
    this.#exchange = exchange
  }

  /**
   * Starts the TCP attempt, once. When the server's own reply was broken and TCP fails, or is
   * broken there, nothing is left to wait for.
   */
  raise(verdict: Verdict): void {
    const { retry } = this.#ask
    if (this.#isRaised || retry === undefined) return
    this.#isRaised = true
    const { resolve, reject, path } = this.#exchange
    retry().then(resolve, (error: unknown) => {
      const isBrokenThere = error instanceof ExchangeError && error.kind === 'malformed'
      if (verdict === 'malformed' || isBrokenThere)
        reject(new ExchangeError('malformed', `read udp ${path()}: malformed reply`))
    })
  }
}

/** Addresses are literals. Node's own lookup costs a tick even for those. */
const literalLookup = (
  address: string,
  family: unknown,
  callback: (error: null, address: string, family: number) => void,
): void => {
  callback(null, address, Number(family))
}

export class UdpClient implements UdpExchanger {
  readonly #sockets: SocketAllowance
  readonly #sourceAddress: string
  readonly #cancellations = new Set<() => void>()

  /** `sourceAddress` '' leaves the choice to the kernel. */
  constructor(sockets: SocketAllowance, sourceAddress = '') {
    this.#sockets = sockets
    this.#sourceAddress = sourceAddress
  }

  async exchange(remote: Endpoint, ask: Ask, timeoutMs: number): Promise<Uint8Array> {
    if (!this.#sockets.tryOpen()) {
      throw new ExchangeError(
        'local',
        `dial udp ${remote.name}: too many sockets to upstreams (${this.#sockets.limit})`,
      )
    }
    const socket = createSocket({
      type: remote.family === 6 ? 'udp6' : 'udp4',
      lookup: literalLookup,
    })
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    const cancel = (): void =>
      reject(new ExchangeError('local', `read udp ${path(socket, remote)}: operation was canceled`))
    const timer = setTimeout(
      () => reject(timeoutError(`read udp ${path(socket, remote)}`)),
      timeoutMs,
    )
    this.#cancellations.add(cancel)
    let isConnected = false
    socket.on('error', cause =>
      reject(
        isConnected
          ? ioError(`read udp ${path(socket, remote)}: read`, cause)
          : ioError(`dial udp ${remote.name}: connect`, cause),
      ),
    )
    const doubts = new Doubts(ask, { resolve, reject, path: () => path(socket, remote) })
    socket.on('message', bytes => {
      // A plain Uint8Array: `slice` of a Buffer would not copy.
      const reply = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
      const verdict = ask.judge(reply)
      if (verdict === 'accept') resolve(reply)
      else doubts.raise(verdict)
    })
    try {
      this.#connect(socket, remote, () => {
        isConnected = true
        socket.send(ask.message)
      })
      return await promise
    } catch (cause) {
      throw cause instanceof ExchangeError
        ? cause
        : ioError(`dial udp ${remote.name}: connect`, cause)
    } finally {
      clearTimeout(timer)
      this.#cancellations.delete(cancel)
      socket.close()
      this.#sockets.closed()
    }
  }

  readonly wasReused = false

  sweep(): void {}

  close(): void {
    for (const cancel of this.#cancellations) cancel()
  }

  /** What fails is an event 'error' of the socket's. */
  #connect(socket: Socket, remote: Endpoint, connected: () => void): void {
    socket.once('connect', connected)
    const connect = (): void => socket.connect(remote.port, remote.address)
    if (this.#sourceAddress === '') connect()
    else {
      checkFamilies(`dial udp ${remote.name}`, this.#sourceAddress, remote)
      socket.bind({ address: this.#sourceAddress, port: 0, exclusive: true }, connect)
    }
  }
}

/**
 * The source address is of the family of the upstream; throws what Go's dialler says when it is
 * not.
 */
export const checkFamilies = (operation: string, sourceAddress: string, remote: Endpoint): void => {
  if (isIPv6(sourceAddress) === (remote.family === 6)) return
  throw new ExchangeError(
    'io',
    `${operation}: address ${sourceAddress}: mismatched local address type`,
  )
}

const path = (socket: Socket, remote: Endpoint): string => {
  try {
    const { address, port } = socket.address()
    return `${hostPort(address, port)}->${remote.name}`
  } catch {
    // Never bound, so there is no local address to show.
    return `->${remote.name}`
  }
}
