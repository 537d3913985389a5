// Sends one health probe: NS of the root (or of a name the operator gives) over the protocol that
// queries take.

import type { SecureContext } from 'node:tls'
import { FLAG_RD, HEADER_SIZE, setFlags, setQdcount, setU16 } from '../wire/header.ts'
import { CLASS_IN, TYPE_NS } from '../wire/rrtypes.ts'
import { askDoh, authorityOf } from './doh.ts'
import type { Endpoint } from './endpoint.ts'
import { ExchangeError } from './exchange-error.ts'
import { dialHttp, openHttp } from './http-session.ts'
import { Probe } from './relayed-question.ts'
import type { SocketAllowance } from './socket-allowance.ts'
import { StreamConnection } from './stream-connection.ts'
import { dial } from './stream-dial.ts'
import { UdpClient } from './udp-client.ts'

export interface ProberOptions {
  /** Wire form of the name asked for. */
  readonly qname: Uint8Array
  readonly recursionDesired: boolean
  readonly forceTcp: boolean
  readonly secureContext: SecureContext | undefined
  readonly sourceAddress: string
  /** For the dial and for the reply, each. */
  readonly timeoutMs: number
}

export class Prober {
  readonly #options: ProberOptions
  readonly #message: Uint8Array
  readonly #udp: UdpClient
  readonly #sockets: SocketAllowance

  constructor(options: ProberOptions, sockets: SocketAllowance) {
    this.#options = options
    this.#sockets = sockets
    this.#message = questionMessage(options.qname, TYPE_NS, options.recursionDesired)
    this.#udp = new UdpClient(sockets, options.sourceAddress)
  }

  /** Whether any decodable header came back in time. */
  async probe(upstream: Endpoint): Promise<boolean> {
    const { forceTcp, timeoutMs } = this.#options
    const ask = new Probe(this.#message)
    try {
      if (upstream.protocol === 'dns' && !forceTcp)
        await this.#udp.exchange(upstream, ask, timeoutMs)
      else if (upstream.protocol === 'https') await this.#overHttps(upstream, ask)
      else await this.#overStream(upstream, ask)
      return true
    } catch (error) {
      if (error instanceof ExchangeError) return false
      throw error
    }
  }

  /** Ends probes in flight. */
  close(): void {
    this.#udp.close()
  }

  async #overStream(upstream: Endpoint, ask: Probe): Promise<void> {
    const socket = await dial(upstream, this.#options, this.#sockets, this.#options.timeoutMs)
    const connection = new StreamConnection(socket, upstream, 0)
    try {
      await connection.exchange(ask, this.#options.timeoutMs)
    } finally {
      connection.close()
    }
  }

  /** By POST, whatever `doh_method` says. */
  async #overHttps(upstream: Endpoint, ask: Probe): Promise<void> {
    const { timeoutMs } = this.#options
    const socket = await dialHttp(upstream, this.#options, this.#sockets, timeoutMs)
    const events = { changed: () => undefined, closed: () => undefined }
    const connection = openHttp(socket, upstream, authorityOf(upstream), 0, events)
    try {
      await askDoh(ask, 'POST', upstream, request => connection.request(request, timeoutMs))
    } finally {
      connection.close()
    }
  }
}

/** A query of class IN with id 0 and no EDNS. */
export const questionMessage = (
  qname: Uint8Array,
  qtype: number,
  recursionDesired: boolean,
): Uint8Array => {
  const message = new Uint8Array(HEADER_SIZE + qname.length + 4)
  setFlags(message, 0, recursionDesired ? FLAG_RD : 0)
  setQdcount(message, 0, 1)
  message.set(qname, HEADER_SIZE)
  setU16(message, HEADER_SIZE + qname.length, qtype)
  setU16(message, HEADER_SIZE + qname.length + 2, CLASS_IN)
  return message
}
