// HTTP/2 (RFC 9113) over a socket that somebody else has accepted: a session of node:http2 without
// a server, whose streams become requests. No stream object of Node's compatibility layer is made.

import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { HttpConnection, Wire } from './connection.ts'
import type { HttpReply } from './exchange.ts'
import { HttpRequest } from './request.ts'

/** More than any request of ours needs; a DNS message of more than 12 KB has to come by POST. */
export const MOST_HEADER_BYTES = 16 * 1024
/** Error codes, RFC 9113 section 7. */
const NO_ERROR = 0
const REFUSED_STREAM = 7
const CANCEL = 8
const ENHANCE_YOUR_CALM = 11

/**
 * Limits that nghttp2 and Node keep. Most of their defaults are far above what a client of ours
 * needs.
 */
const optionsFor = (maxStreams: number) => ({
  settings: {
    maxConcurrentStreams: maxStreams,
    maxHeaderListSize: MOST_HEADER_BYTES,
    enablePush: false,
  },
  /** MiB. */
  maxSessionMemory: 1,
  maxHeaderListPairs: 64,
  maxSendHeaderBlockLength: 8192,
  maxSettings: 16,
  maxOutstandingPings: 4,
  maxOutstandingSettings: 4,
  // Node knows these, its types do not.
  maxSessionInvalidFrames: 32,
  maxSessionRejectedStreams: 32,
  /** Rapid reset, CVE-2023-44487: so many at once, then so many a second. */
  streamResetBurst: 200,
  streamResetRate: 33,
})

export class Http2Wire implements Wire {
  readonly ownBytes = 31 * 1024
  readonly #connection: HttpConnection
  readonly #session: ServerHttp2Session
  readonly #streams = new Map<HttpRequest, ServerHttp2Stream>()

  /** The socket's first bytes are in its queue again. */
  constructor(connection: HttpConnection) {
    const { performServerHandshake } = process.getBuiltinModule('node:http2')
    this.#connection = connection
    const session = performServerHandshake(connection.socket, optionsFor(connection.maxStreams))
    this.#session = session
    // nghttp2 closes what breaks the protocol; 'close' of the socket follows.
    session.on('error', () => {})
    session.on('ping', () => connection.met('ping'))
    session.on('remoteSettings', () => connection.met('settings'))
    session.on('stream', (stream, headers) => this.#begin(stream, headers))
  }

  #begin(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const connection = this.#connection
    const request = new HttpRequest(headOf(headers), connection.nowMs)
    this.#streams.set(request, stream)
    // A reset is the client's way to take a request back; 'close' follows.
    stream.on('error', () => {})
    stream.on('close', () => {
      this.#streams.delete(request)
      connection.gone(request)
    })
    if (!connection.began(request, Number(headers['content-length'] ?? 0))) return
    if (stream.endAfterHeaders) {
      connection.whole(request)
      return
    }
    stream.on('data', (chunk: Buffer) => connection.body(request, chunk))
    stream.on('end', () => connection.whole(request))
  }

  reply(request: HttpRequest, { status, headers, body, trailers }: HttpReply): void {
    const stream = this.#streams.get(request)
    if (stream === undefined || stream.destroyed || stream.closed) return
    const head = { ':status': status, ...headers, ...lengthOf(body, trailers) }
    if (trailers === undefined) stream.respond(head, { endStream: body.length === 0 })
    else {
      stream.respond(head, { waitForTrailers: true })
      stream.once('wantTrailers', () => stream.sendTrailers({ ...trailers }))
    }
    if (body.length > 0 || trailers !== undefined) stream.end(body)
    // The rest of what it still sends is not wanted (section 8.1).
    if (!stream.endAfterHeaders && !stream.readableEnded) stream.close(NO_ERROR)
  }

  refuse(request: HttpRequest, why: 'busy' | 'late'): void {
    this.#streams.get(request)?.close(why === 'busy' ? REFUSED_STREAM : CANCEL)
  }

  end(): void {
    this.#session.close()
  }

  /** Without its part of the session nothing that it still gets is of use to it. */
  clientEnded(): void {
    this.#connection.cut()
  }

  destroy(why?: 'flood'): void {
    // Node sends the code only with an error.
    if (why === undefined) this.#session.destroy()
    else this.#session.destroy(new Error(why), ENHANCE_YOUR_CALM)
  }
}

const headOf = (headers: IncomingHttpHeaders) => ({
  method: headers[':method'] ?? '',
  target: headers[':path'] ?? '',
  contentType: headers['content-type'] ?? '',
})

/** With trailers the end is told by them. */
const lengthOf = (body: Uint8Array, trailers: HttpReply['trailers']): Record<string, number> =>
  trailers === undefined ? { 'content-length': body.length } : {}
