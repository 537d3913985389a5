// One HTTP/2 connection to an upstream, which carries many requests at a time (RFC 9113).

import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import type { Socket } from 'node:net'
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

/**
 * Until the server's settings have come, which is soon: what is too much for it would be refused.
 */
const FIRST_MOST = 1
/** Whatever the server allows. */
const MOST = 1000
const HEADER_PAIRS = 64

/** Codes of RFC 9113 section 7 with which a server says that it has not answered, and no more. */
const NO_ERROR = 0
const REFUSED_STREAM = 7
const CANCEL = 8

export class Http2Connection implements HttpConnection {
  readonly openedMs: number
  idleSinceMs = Number.POSITIVE_INFINITY
  inUse = 0
  hasAnswered = false
  most = FIRST_MOST
  readonly #socket: Socket
  readonly #authority: string
  readonly #session: ClientHttp2Session
  readonly #path: string
  hasSettings = false
  #isCanceled = false
  /** What those under way fail with when the connection ends. */
  #end: ExchangeError = ended()

  /** Takes over a connected socket on which HTTP/2 was agreed. `authority` is the URL's. */
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
    this.#path = `${hostPort(socket.localAddress ?? '', socket.localPort ?? 0)}->${remote.name}`
    // node:http2 is loaded when an upstream speaks it: it takes some MiB of each thread.
    this.#session = process
      .getBuiltinModule('node:http2')
      .connect(`${remote.protocol}://localhost`, {
        createConnection: () => socket,
        maxHeaderListPairs: HEADER_PAIRS,
        settings: { enablePush: false },
      })
    this.#session.unref()
    this.#session.on('remoteSettings', ({ maxConcurrentStreams = MOST }) => {
      this.hasSettings = true
      this.most = Math.min(MOST, maxConcurrentStreams)
      events.changed()
    })
    this.#session.on('goaway', () => events.changed())
    this.#session.on('error', cause => {
      if (this.#isCanceled) return
      const { message } = ioError(`read tcp ${this.#path}: http2`, cause)
      // Whatever it was: the connection has ended, and another one may do.
      this.#end = new ExchangeError('closed', message, { cause })
    })
    this.#session.on('close', () => events.closed())
  }

  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed && !this.#socket.destroyed
  }

  request(request: HttpRequest, timeoutMs: number): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const stream = this.#open(request)
      if (stream === undefined) {
        reject(this.#end)
        return
      }
      const bytesBefore = this.#socket.bytesRead
      const timer = setTimeout(() => {
        reject(timeoutError(`read tcp ${this.#path}`))
        stream.close(CANCEL)
        // Not even an acknowledgement of HTTP/2's has come: the server is gone, or is behind
        // something that lets nothing through any more.
        if (this.#socket.bytesRead === bytesBefore || !this.hasSettings) this.#session.destroy()
      }, timeoutMs)
      const body = new BodyReader(request.mostBytes)
      let head: Readonly<Record<string, unknown>> | undefined
      let trailers: IncomingHttpHeaders = {}
      let isWhole = false
      let failure = ''
      stream.on('data', (chunk: Uint8Array) => {
        if (body.add(chunk)) return
        reject(bodyTooLong(this.#path, request.mostBytes))
        stream.close(CANCEL)
      })
      stream.on('response', headers => {
        head = headers
      })
      stream.on('trailers', headers => {
        trailers = headers
      })
      stream.on('end', () => {
        isWhole = true
      })
      stream.on('error', cause => {
        failure = cause.message
      })
      stream.on('close', () => {
        clearTimeout(timer)
        if (isWhole && head !== undefined && stream.rstCode === NO_ERROR) {
          this.hasAnswered = true
          const status = Number(head[':status'])
          resolve({ status, field: fieldIn(head, trailers), body: body.bytes() })
        } else reject(this.#failureOf(stream, failure))
      })
      stream.end(request.body)
    })
  }

  close(): void {
    this.#isCanceled = true
    this.#end = canceledError(this.#path)
    this.#session.destroy()
  }

  /** Undefined if the connection takes none. */
  #open({ method, path, headers, body }: HttpRequest): ClientHttp2Stream | undefined {
    try {
      return this.#session.request(
        { ':method': method, ':path': path, ':authority': this.#authority, ...headers },
        { endStream: body === undefined },
      )
    } catch {
      // It ends, or has given all its stream numbers away.
      this.#session.close()
      return undefined
    }
  }

  #failureOf({ rstCode }: ClientHttp2Stream, message: string): ExchangeError {
    if (this.#session.destroyed) return this.#end
    if (this.#session.closed || [NO_ERROR, REFUSED_STREAM, CANCEL].includes(rstCode ?? NO_ERROR))
      return ended()
    return new ExchangeError('io', `read tcp ${this.#path}: http2: ${message}`)
  }
}
