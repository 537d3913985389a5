// Asks our own health endpoint once a second, so that an overloaded process shows in metrics and
// log.

import { connect, type Socket } from 'node:net'
import { isIPv6 } from '../../base/ip-text.ts'
import type { Clock } from '../../base/time/clock.ts'
import { messageOf } from '../../chain/errors.ts'
import { formatDuration } from '../../corefile/words/duration.ts'
import { splitHostPort } from '../../corefile/words/host-port.ts'
import type { Logger } from '../../log/logger.ts'

const INTERVAL_MS = 1000
const TIMEOUT_MS = 3000
const SLOW_MS = 1000
const TOO_LATE = `no answer within ${TIMEOUT_MS / 1000}s`

export interface ProbeSetup {
  readonly log: Logger
  readonly clock: Clock
  onProbe(durationSeconds: number, hasFailed: boolean): void
}

/** Probes `http://ADDRESS/health` each second, never two at a time. Returns what stops it. */
export const startProbing = (address: string, setup: ProbeSetup): (() => void) => {
  const probe = new Probe(address, setup)
  const timer = setInterval(() => void probe.ask(), INTERVAL_MS).unref()
  return () => {
    clearInterval(timer)
    probe.stop()
  }
}

/**
 * The connection is kept, and what is asked and read on it is no more than is needed: of a server
 * that has nothing else to do, a connection each second and node:http at its end would take more
 * than all the rest.
 */
export class Probe {
  readonly #address: string
  readonly #setup: ProbeSetup
  readonly #to: { readonly host: string; readonly port: number }
  readonly #request: string
  #socket: Socket | undefined
  #isBusy = false
  #isStopped = false

  constructor(address: string, setup: ProbeSetup) {
    const split = splitHostPort(address) as { host: string; port: string }
    const host = isAllAddresses(split.host) ? '127.0.0.1' : split.host
    const name = isIPv6(host) ? `[${host}]` : host
    this.#address = address
    this.#setup = setup
    this.#to = { host, port: Number(split.port) }
    this.#request = `GET /health HTTP/1.1\r\nHost: ${name}:${split.port}\r\n\r\n`
  }

  /** One probe: measures, counts, warns. Never rejects; says nothing if stopped meanwhile. */
  async ask(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    const { clock, log, onProbe } = this.#setup
    const url = `http://${this.#address}/health`
    const startMs = clock.ms()
    const failure = await this.#askOwnHealth()
    this.#isBusy = false
    if (this.#isStopped) return
    const tookMs = clock.ms() - startMs
    onProbe(tookMs / 1000, failure !== undefined)
    if (failure !== undefined) log.warning(`Local health request to "${url}" failed: ${failure}`)
    else if (tookMs > SLOW_MS)
      log.warning(`Local health request to "${url}" took more than 1s: ${formatDuration(tookMs)}`)
  }

  stop(): void {
    this.#isStopped = true
    this.#socket?.destroy()
  }

  /** Undefined if any HTTP answer came, else what went wrong. */
  async #askOwnHealth(): Promise<string | undefined> {
    const kept = this.#socket
    const failure = await this.#askOn(kept ?? this.#connect())
    // A kept connection may have been closed to have room for others: that is no failure.
    const isClosed = kept !== undefined && failure !== undefined && failure !== TOO_LATE
    return isClosed && !this.#isStopped ? this.#askOn(this.#connect()) : failure
  }

  #connect(): Socket {
    const socket = connect(this.#to).unref()
    this.#socket = socket
    socket.on('error', () => {})
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined
    })
    return socket
  }

  /** What comes first is the answer, and what follows it is not looked at. */
  #askOn(socket: Socket): Promise<string | undefined> {
    return new Promise(resolve => {
      const end = (failure: string | undefined): void => {
        clearTimeout(timer)
        socket.off('data', answered).off('error', failed).off('close', closed)
        if (failure !== undefined) socket.destroy()
        resolve(failure)
      }
      const answered = (bytes: Buffer): void =>
        end(bytes.toString('latin1', 0, 5) === 'HTTP/' ? undefined : 'the answer is not HTTP')
      const failed = (error: Error): void => end(messageOf(error))
      const closed = (): void => end('the connection was closed')
      const timer = setTimeout(end, TIMEOUT_MS, TOO_LATE)
      socket.on('data', answered).on('error', failed).on('close', closed)
      socket.write(this.#request)
    })
  }
}

const isAllAddresses = (host: string): boolean => host === '' || host === '0.0.0.0' || host === '::'
