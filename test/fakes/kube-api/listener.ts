// The port: comes up, goes down and comes up again on the same one. Sockets are taken by a plain
// TCP server and handed to HTTP, so that a connection can be left without an answer or be reset,
// under TLS too.

import { once } from 'node:events'
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type RequestListener,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { authority, type ServerIdentity, serverPair } from './tls-files.ts'

export interface ListenerOptions {
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
  readonly https: boolean
  readonly identity: ServerIdentity
  /** Asks clients for a certificate; they need not have one. */
  readonly requestsCertificate: boolean
}

export class Listener {
  readonly #options: ListenerOptions
  readonly #http: HttpServer
  /** By the client's address and port: HTTP shows the TLS socket only, this is the one below. */
  readonly #sockets = new Map<string, Socket>()
  readonly #isHanging: () => boolean
  #server: Server | undefined
  #port: number
  #accepted = 0

  /** `isHanging` is asked for each connection: whether it is left alone. */
  constructor(options: ListenerOptions, handle: RequestListener, isHanging: () => boolean) {
    this.#options = options
    this.#port = options.port
    this.#isHanging = isHanging
    const requestCert = options.requestsCertificate
    // Without need for it, Node would send the authority along with the server's certificate.
    const clients = requestCert ? { ca: authority() } : {}
    this.#http = options.https
      ? createHttpsServer(
          {
            ...serverPair(options.identity),
            ...clients,
            requestCert,
            rejectUnauthorized: false,
            ALPNProtocols: ['http/1.1'],
          },
          handle,
        )
      : createHttpServer(handle)
    // Go's server keeps idle connections much longer than Node's five seconds.
    this.#http.keepAliveTimeout = 0
    // A client that does not trust the server ends the handshake; that is its own affair.
    this.#http.on('tlsClientError', (_error, socket) => socket.destroy())
    this.#http.on('clientError', (_error, socket) => socket.destroy())
  }

  get port(): number {
    return this.#port
  }

  get isUp(): boolean {
    return this.#server !== undefined
  }

  /** Connections taken since the start. */
  get accepted(): number {
    return this.#accepted
  }

  async up(): Promise<void> {
    if (this.#server !== undefined) return
    const server = createServer(socket => this.#take(socket))
    this.#server = server
    try {
      server.listen(this.#port, this.#options.host)
      await once(server, 'listening')
    } catch (error) {
      this.#server = undefined
      throw error
    }
    this.#port = (server.address() as AddressInfo).port
  }

  /** Nobody listens any more when it resolves, and all connections are reset. */
  async down(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    server.close()
    for (const socket of this.#sockets.values()) socket.resetAndDestroy()
    await once(server, 'close')
  }

  #take(socket: Socket): void {
    const client = clientOf(socket)
    this.#accepted++
    // A reset by the client closes the socket; nobody needs to hear why.
    socket.on('error', () => socket.destroy())
    this.#sockets.set(client, socket)
    socket.on('close', () => {
      if (this.#sockets.get(client) === socket) this.#sockets.delete(client)
    })
    // The client was gone before it was taken.
    if (socket.remotePort === undefined) {
      socket.destroy()
      return
    }
    if (this.#isHanging()) return
    this.#http.emit('connection', socket)
  }

  /** Breaks a client's connection, by TCP reset or with FIN only. */
  break(client: string, how: 'reset' | 'end'): void {
    const socket = this.#sockets.get(client)
    if (how === 'reset') socket?.resetAndDestroy()
    else socket?.destroy()
  }
}

/** What `break` wants, of a plain or a TLS socket. */
export const clientOf = ({ remoteAddress, remotePort }: Socket): string =>
  `${remoteAddress} ${remotePort}`
