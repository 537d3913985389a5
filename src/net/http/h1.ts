// HTTP/1.1 (RFC 9112) over sockets that somebody else has accepted: all of them go to one server of
// node:http that does not listen, so it keeps no deadlines of its own either.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { HttpConnection, Wire } from './connection.ts'
import type { HttpReply } from './exchange.ts'
import { MOST_HEADER_BYTES } from './h2.ts'
import { HttpRequest } from './request.ts'

const MOST_HEADERS = 64
/** Requests of one connection that may come before the first is answered. */
const MOST_PIPELINED = 16

const wires = new WeakMap<Socket, Http1Wire>()
let server: Server | undefined

/** Of this thread. */
const serverOf = (): Server => {
  if (server !== undefined) return server
  const { createServer } = process.getBuiltinModule('node:http')
  const made = createServer({
    maxHeaderSize: MOST_HEADER_BYTES,
    requestTimeout: 0,
    headersTimeout: 0,
    keepAliveTimeout: 0,
    highWaterMark: MOST_HEADER_BYTES,
  })
  made.maxHeadersCount = MOST_HEADERS
  // A client that has sent its last request still gets its answers.
  Object.assign(made, { httpAllowHalfOpen: true })
  made.on('request', (message, response) => wires.get(message.socket)?.began(message, response))
  server = made
  return made
}

export class Http1Wire implements Wire {
  readonly ownBytes = 10 * 1024
  readonly #connection: HttpConnection
  readonly #responses = new Map<HttpRequest, ServerResponse>()

  /** The socket's first bytes are in its queue again. */
  constructor(connection: HttpConnection) {
    const { socket } = connection
    this.#connection = connection
    wires.set(socket, this)
    serverOf().emit('connection', socket)
  }

  began(message: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connection
    if (this.#responses.size >= MOST_PIPELINED) {
      connection.flooded()
      return
    }
    const request = new HttpRequest(headOf(message), connection.nowMs)
    this.#responses.set(request, response)
    response.on('error', () => {})
    response.on('close', () => {
      this.#responses.delete(request)
      connection.gone(request)
    })
    message.on('error', () => {})
    message.on('data', (chunk: Buffer) => connection.body(request, chunk))
    message.on('end', () => connection.whole(request))
    connection.began(request, Number(message.headers['content-length'] ?? 0))
  }

  reply(request: HttpRequest, { status, headers, body }: HttpReply): void {
    const response = this.#responses.get(request)
    if (response === undefined || response.destroyed) return
    // What is left of a request that is too long is not read.
    if (this.#connection.isLast || !response.req.complete) response.shouldKeepAlive = false
    response.writeHead(status, { ...headers, 'content-length': body.length })
    response.end(body)
  }

  refuse(request: HttpRequest, why: 'busy' | 'late'): void {
    const headers = { 'retry-after': '1' }
    if (why === 'busy') this.reply(request, { status: 503, headers, body: NO_BODY })
    else this.reply(request, { status: 408, headers: {}, body: NO_BODY })
  }

  end(): void {
    // The last answer closes the connection.
    if (this.#connection.openRequests === 0) this.#connection.socket.end()
  }

  clientEnded(): void {
    this.#connection.finish()
  }

  destroy(): void {
    this.#connection.socket.destroy()
  }
}

const NO_BODY = new Uint8Array(0)

const headOf = ({ method = '', url = '', headers }: IncomingMessage) => ({
  method,
  target: url,
  contentType: headers['content-type'] ?? '',
})
