// TLS in front of an HTTP listener: handshakes with the certificate of now, and clients judged by
// their own. Who has passed is handed on as a socket to read requests from.

import type { Socket } from 'node:net'
import type { Server, TLSSocket, TlsOptions } from 'node:tls'
import type { ClientAuth } from '../../chain/listening.ts'
import type { HttpRoute, HttpTls, HttpTlsSettings } from '../../chain/plugin/control-scope.ts'
import { asksForCertificate, judgeClient, verifiesCertificate } from '../../net/tls/client-auth.ts'
import { systemAuthorities } from '../../upstream/secure-context.ts'

export interface TlsFrontEvents {
  /** The handshake on a connection is over. */
  secured(raw: Socket, socket: TLSSocket): void
  /** A client came without a certificate that is wanted, or with one that is not accepted. */
  refused(address: string): void
  /** What the plugin gives cannot be served: that of before is. */
  failed(error: unknown): void
}

/** Does not listen: connections are given to it. */
interface Acceptor {
  readonly settings: HttpTlsSettings
  readonly server: Server
}

export class TlsFront {
  readonly #events: TlsFrontEvents
  readonly #timeoutMs: number
  readonly #tls: HttpTls
  #acceptor: Acceptor | undefined
  /** A version that failed. */
  #unusable = ''
  /** Connections whose handshake is not over, by the ends of the connection. */
  readonly #handshakes = new Map<string, Socket>()

  /** Throws if what there is now cannot be served. */
  constructor(tls: HttpTls, timeoutMs: number, events: TlsFrontEvents) {
    this.#tls = tls
    this.#timeoutMs = timeoutMs
    this.#events = events
    const settings = tls.current()
    if (settings !== undefined) this.#acceptor = this.#open(settings)
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#acceptor?.settings.headers ?? {}
  }

  /** A connection that has just come, whose first bytes have not been read. */
  accept(raw: Socket): void {
    this.#renew()
    if (raw.destroyed) return
    if (this.#acceptor === undefined) {
      raw.destroy()
      return
    }
    const ends = endsOf(raw)
    this.#handshakes.set(ends, raw)
    // Node's HTTP server takes them half open: a client that goes during the handshake would stay.
    raw.allowHalfOpen = false
    // What goes wrong is told by the socket on top of it.
    raw.on('error', () => {})
    raw.once('close', () => {
      if (this.#handshakes.get(ends) === raw) this.#handshakes.delete(ends)
    })
    this.#acceptor.server.emit('connection', raw)
  }

  /** Closes connections whose handshake is not over. */
  end(): void {
    for (const raw of this.#handshakes.values()) raw.destroy()
  }

  /** Connections that have begun go on with what they have begun with. */
  #renew(): void {
    try {
      const settings = this.#tls.current()
      const version = settings?.version
      if (settings === undefined || version === this.#acceptor?.settings.version) return
      if (version === this.#unusable) return
      this.#unusable = settings.version
      this.#acceptor = this.#open(settings)
      this.#unusable = ''
    } catch (error) {
      this.#events.failed(error)
    }
  }

  #open(settings: HttpTlsSettings): Acceptor {
    const { validateHeaderName, validateHeaderValue } = process.getBuiltinModule('node:http')
    for (const [name, value] of Object.entries(settings.headers ?? {})) {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    }
    // Loaded when it is asked for: it takes 3 MiB.
    const { createServer } = process.getBuiltinModule('node:tls')
    const server = createServer(tlsOptions(settings, this.#timeoutMs))
    server.on('secureConnection', socket => this.#judge(socket, settings.clientAuth ?? 'nocert'))
    server.on('tlsClientError', (_error, socket) => socket.destroy())
    return { settings, server }
  }

  #judge(socket: TLSSocket, clientAuth: ClientAuth): void {
    const ends = endsOf(socket)
    const raw = this.#handshakes.get(ends)
    this.#handshakes.delete(ends)
    if (raw === undefined) socket.destroy()
    else if (isAccepted(clientAuth, socket)) this.#events.secured(raw, socket)
    else {
      this.#events.refused(socket.remoteAddress ?? '')
      socket.destroy()
    }
  }
}

/**
 * Why routes cannot share an address. `others` are those that are there already, and agree.
 */
export const tlsConflict = (route: HttpRoute, others: readonly HttpRoute[]): string | undefined => {
  const { address, tls } = route
  const other = others.find(one => one.address === address)
  if (other === undefined || other.tls?.identity === tls?.identity) return undefined
  return tls === undefined || other.tls === undefined
    ? `${address} would be served both in clear text and over TLS: take another address`
    : `${address} would be served over TLS both as ${other.tls.identity} and as ${tls.identity} say`
}

const endsOf = ({ remoteAddress, remotePort, localAddress }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress}`

const isAccepted = (clientAuth: ClientAuth, socket: TLSSocket): boolean => {
  const isGiven = socket.getPeerX509Certificate() !== undefined
  return judgeClient(clientAuth, { isGiven, isAuthorized: socket.authorized }) === 'accepted'
}

const tlsOptions = (settings: HttpTlsSettings, timeoutMs: number): TlsOptions => {
  const { cert, key, ca, clientAuth = 'nocert', minVersion, maxVersion } = settings
  const { ciphers, curves, prefersOwnCiphers } = settings
  const authorities = ca ?? (verifiesCertificate(clientAuth) ? systemAuthorities() : undefined)
  return {
    cert,
    key,
    minVersion: minVersion ?? 'TLSv1.2',
    maxVersion: maxVersion ?? 'TLSv1.3',
    requestCert: asksForCertificate(clientAuth),
    // isAccepted decides, which knows what was asked for.
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: timeoutMs,
    honorCipherOrder: prefersOwnCiphers ?? true,
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(curves === undefined ? {} : { ecdhCurve: curves }),
    ...(authorities === undefined ? {} : { ca: authorities }),
  }
}
