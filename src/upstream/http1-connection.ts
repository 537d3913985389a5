// One HTTP/1.1 connection to an upstream: a request at a time, for servers that speak no HTTP/2.

import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { codeOf } from '../base/files/errno.ts'
import { type Endpoint, hostPort } from './endpoint.ts'
import { canceledError, ExchangeError, ioError, timeoutError } from './exchange-error.ts'
import {
  BodyReader,
  bodyTooLong,
  ended,
  fieldIn,
  type HttpAnswer,
  type HttpConnection,
  type HttpConnectionEvents,
  type HttpRequest,
} from './http-exchange.ts'

const HEADER_BYTES = 16_384

interface Waiting {
  readonly resolve: (answer: HttpAnswer) => void
  readonly reject: (error: ExchangeError) => void
  readonly timer: NodeJS.Timeout
}

export class Http1Connection implements HttpConnection {
  readonly openedMs: number
  idleSinceMs = Number.POSITIVE_INFINITY
  inUse = 0
  hasAnswered = false
  readonly most = 1
  readonly hasSettings = true
  readonly #socket: Socket
  readonly #authority: string
  readonly #path: string
  #waiting: Waiting | undefined
  #isOpen: boolean

  /** Takes over a connected socket. `authority` is the URL's. */
  constructor(
    socket: Socket,
    remote: Endpoint,
    authority: string,
    openedMs: number,
    events: HttpConnectionEvents,
  ) {
    this.openedMs = openedMs
    this.#socket = socket
    this.#authority = authority
    this.#isOpen = !socket.destroyed
    this.#path = `${hostPort(socket.localAddress ?? '', socket.localPort ?? 0)}->${remote.name}`
    // Bytes that nobody asked for must not be read as the answer to the next request.
    socket.on('data', () => {
      if (this.#waiting === undefined) this.close()
    })
    socket.on('end', () => this.#end(ended()))
    socket.on('close', () => {
      this.#end(ended())
      events.closed()
    })
    socket.unref()
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  request(request: HttpRequest, timeoutMs: number): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      if (!this.#isOpen) {
        reject(ended())
        return
      }
      const timer = setTimeout(() => this.#end(timeoutError(`read tcp ${this.#path}`)), timeoutMs)
      this.#waiting = { resolve, reject, timer }
      const sent = this.#send(request)
      sent.on('response', response => this.#read(response, request.mostBytes))
      sent.on('error', cause => this.#end(this.#failureOf(cause)))
    })
  }

  close(): void {
    this.#end(canceledError(this.#path))
  }

  #send({ method, path, headers, body }: HttpRequest): ClientRequest {
    const sent = process.getBuiltinModule('node:http').request({
      createConnection: () => this.#socket,
      method,
      path,
      headers: {
        host: this.#authority,
        connection: 'keep-alive',
        ...headers,
        ...(body && { 'content-length': body.length }),
      },
      maxHeaderSize: HEADER_BYTES,
    })
    sent.end(body)
    return sent
  }

  #read(response: IncomingMessage, mostBytes: number): void {
    const body = new BodyReader(mostBytes)
    response.on('data', (chunk: Uint8Array) => {
      if (!body.add(chunk)) this.#end(bodyTooLong(this.#path, mostBytes))
    })
    response.on('error', cause => this.#end(this.#failureOf(cause)))
    response.on('end', () => {
      const waiting = this.#waiting
      if (waiting === undefined || !response.complete) return
      this.#waiting = undefined
      this.hasAnswered = true
      clearTimeout(waiting.timer)
      if (!isKept(response)) this.close()
      waiting.resolve({
        status: response.statusCode ?? 0,
        field: fieldIn(response.headers, response.trailers),
        body: body.bytes(),
      })
    })
  }

  #failureOf(cause: Error): ExchangeError {
    if (codeOf(cause).startsWith('HPE_'))
      return new ExchangeError('malformed', `read tcp ${this.#path}: ${cause.message}`, { cause })
    return ioError(`read tcp ${this.#path}: read`, cause)
  }

  #end(error: ExchangeError): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#socket.destroy()
    const waiting = this.#waiting
    if (waiting === undefined) return
    this.#waiting = undefined
    clearTimeout(waiting.timer)
    waiting.reject(error)
  }
}

const isKept = ({ httpVersion, headers }: IncomingMessage): boolean =>
  httpVersion === '1.1' && !/\bclose\b/i.test(headers.connection ?? '')
