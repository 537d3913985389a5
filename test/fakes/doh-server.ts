// DNS over HTTPS servers on loopback that answer as a test tells them, over HTTP/2 or HTTP/1.1.

import { once } from 'node:events'
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
  type SecureServerOptions,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { createServer as createTlsServer, type Server, type TLSSocket } from 'node:tls'
import { type Endpoint, makeEndpoint } from '../../src/upstream/endpoint.ts'
import type { ReplyOptions } from '../support/messages.ts'
import { answerTo, type Certificate } from './fake-upstream.ts'

export interface AskedOverHttp {
  /** The DNS message of the body, or of `dns=`. */
  readonly bytes: Uint8Array
  readonly method: string
  readonly path: string
  readonly version: string
  readonly headers: IncomingMessage['headers']
  /** That of HTTP/2; undefined over HTTP/1.1. */
  readonly session: Http2Session | undefined
  readonly request: IncomingMessage | Http2ServerRequest
  readonly response: Pick<
    ServerResponse,
    'write' | 'end' | 'on' | 'addTrailers' | 'writeEarlyHints' | 'destroyed'
  >
  /** Answers with a body. */
  send(body: Uint8Array | string, status?: number, headers?: Readonly<Record<string, string>>): void
  /** Answers with a reply to the question. */
  reply(options?: ReplyOptions): void
  /** HTTP/2: ends the stream with this code. */
  reset(code: number): void
  /** Ends the connection. */
  hangUp(): void
}

export type RespondOverHttp = (asked: AskedOverHttp) => void

export interface DohServer {
  readonly port: number
  readonly endpoint: Endpoint
  readonly asked: AskedOverHttp[]
  /** TCP connections so far, and those among them whose TLS session was resumed. */
  readonly connections: Socket[]
  resumed: number
  respond: RespondOverHttp
  close(): Promise<void>
}

export type Speaks = 'h2' | 'http/1.1' | 'no ALPN'

export interface DohServerOptions extends Pick<SecureServerOptions, 'settings'> {
  readonly certificate: Certificate
  readonly speaks?: Speaks
  readonly port?: number
}

/** Listens on 127.0.0.1. The endpoint's server name is that of `makeCertificate`. */
export const dohServer = async (
  respond: RespondOverHttp,
  { certificate, speaks = 'h2', port = 0, settings = {} }: DohServerOptions,
): Promise<DohServer> => {
  const { cert, key } = certificate
  const take = (request: Http2ServerRequest | IncomingMessage, response: Response): void => {
    void read(request, response).then(asked => {
      if (asked === undefined) return
      server.asked.push(asked)
      server.respond(asked)
    })
  }
  const listener: Http2SecureServer | Server =
    speaks === 'h2'
      ? createSecureServer({ cert, key, settings }, take)
      : createTlsServer({ cert, key, ...(speaks === 'http/1.1' && { ALPNProtocols: [speaks] }) })
  if (speaks !== 'h2') {
    const http = createHttpServer(take)
    listener.on('secureConnection', socket => http.emit('connection', socket))
  }
  listener.on('connection', (socket: Socket) => {
    server.connections.push(socket)
    socket.on('error', () => undefined)
  })
  listener.on('secureConnection', (socket: TLSSocket) => {
    if (socket.isSessionReused()) server.resumed += 1
  })
  listener.on('sessionError', () => undefined)
  listener.listen(port, '127.0.0.1')
  await once(listener, 'listening')
  const bound = (listener.address() as AddressInfo).port
  const server: DohServer = {
    port: bound,
    endpoint: makeEndpoint('https', '127.0.0.1', bound, 'dns.example.net'),
    asked: [],
    connections: [],
    resumed: 0,
    respond,
    close: async () => {
      for (const connection of server.connections) connection.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
  return server
}

type Response = ServerResponse | Http2ServerResponse

/** Undefined if the client goes away before its request is whole. */
const read = async (
  request: IncomingMessage | Http2ServerRequest,
  response: Response,
): Promise<AskedOverHttp | undefined> => {
  const chunks: Uint8Array[] = []
  request.on('error', () => undefined)
  response.on('error', () => undefined)
  try {
    for await (const chunk of request) chunks.push(chunk as Uint8Array)
  } catch {
    return undefined
  }
  const path = request.url ?? ''
  const inPath = /\?dns=([\w-]*)$/.exec(path)?.[1]
  const bytes = Uint8Array.from(
    inPath === undefined ? Buffer.concat(chunks) : Buffer.from(inPath, 'base64url'),
  )
  const send: AskedOverHttp['send'] = (body, status = 200, headers = {}) => {
    const all = { 'content-type': 'application/dns-message', ...headers }
    if ('stream' in response) response.writeHead(status, all)
    else response.writeHead(status, all)
    response.end(body)
  }
  return {
    bytes,
    method: request.method ?? '',
    path,
    version: request.httpVersion,
    headers: request.headers,
    session: 'stream' in request ? request.stream.session : undefined,
    request,
    response: response as AskedOverHttp['response'],
    send,
    reply: options => send(answerTo(bytes, options)),
    reset: code => {
      if ('stream' in request) request.stream.close(code)
    },
    hangUp: () => {
      if ('stream' in request) request.stream.session?.destroy()
      else request.socket.destroy()
    },
  }
}
