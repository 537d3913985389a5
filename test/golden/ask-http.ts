// How a line of a golden case is asked over HTTP: DNS over HTTPS by HTTP/2, over plain HTTP by
// HTTP/1.1, and over gRPC by HTTP/2 in clear text.

import { request as plainRequest } from 'node:http'
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import type { QueryLine } from './scenario.ts'

/** What came around the message, named as in expected.json. */
export interface Carried {
  readonly status?: number
  readonly 'content-type'?: string
  readonly 'cache-control'?: string
  /** Only of what was no DNS message. */
  readonly body?: string
  /** Status of a call that failed. */
  readonly grpc?: string
}

export interface HttpAnswer {
  readonly carried: Carried
  /** Undefined if it was none. */
  readonly message: Uint8Array | undefined
}

interface Place {
  readonly host: string
  readonly port: number
  readonly localAddress?: string | undefined
}

interface HttpRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

interface HttpResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly trailers: IncomingHttpHeaders
  readonly body: Buffer
}

const DNS_TYPE = 'application/dns-message'
const DNS_PATH = '/dns-query'
const GRPC_PATH = '/coredns.dns.DnsService/Query'
/** Codes of gRPC, by their numbers. */
const GRPC_CODES =
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'.split(
    ' ',
  )
const GRPC_PREFIX_BYTES = 5
const FIELD_1 = 0x0a

/** Undefined when the server hangs up, or `signal` is aborted. */
export const askHttp = async (
  { options }: QueryLine,
  message: Uint8Array,
  at: Place,
  signal: AbortSignal,
): Promise<HttpAnswer | undefined> => {
  try {
    if (options.has('grpc'))
      return grpcAnswer(await overHttp2(at, 'http', grpcCall(message), signal))
    const isClear = options.has('http')
    const asked = dohRequest(options, options.get(isClear ? 'http' : 'https') ?? '', message)
    return dohAnswer(
      await (isClear ? overHttp1(at, asked, signal) : overHttp2(at, 'https', asked, signal)),
    )
  } catch {
    return undefined
  }
}

const dohRequest = (
  options: QueryLine['options'],
  method: string,
  message: Uint8Array,
): HttpRequest => {
  const path = options.get('path') ?? DNS_PATH
  const isPost = method === 'POST' || method === 'PUT'
  const asks = isPost || options.has('nodns') || path.includes('?')
  const hex = options.get('body')
  const encoded = Buffer.from(message).toString('base64url')
  return {
    method,
    path: asks ? path : `${path}?dns=${encoded}`,
    headers: {
      accept: DNS_TYPE,
      ...(isPost && { 'content-type': options.get('ctype') ?? DNS_TYPE }),
    },
    body: isPost ? (hex === undefined ? message : Uint8Array.fromHex(hex)) : new Uint8Array(),
  }
}

const dohAnswer = ({ status, headers, body }: HttpResponse): HttpAnswer => {
  const type = headers['content-type'] ?? ''
  const isMessage = type === DNS_TYPE
  return {
    carried: {
      status,
      'content-type': type,
      'cache-control': headers['cache-control'] ?? '',
      ...(!isMessage && { body: body.toString() }),
    },
    message: isMessage ? Uint8Array.from(body) : undefined,
  }
}

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]

const grpcCall = (message: Uint8Array): HttpRequest => {
  const packet = Buffer.from([FIELD_1, ...varint(message.length), ...message])
  const prefix = Buffer.alloc(GRPC_PREFIX_BYTES)
  prefix.writeUInt32BE(packet.length, 1)
  return {
    method: 'POST',
    path: GRPC_PATH,
    headers: { 'content-type': 'application/grpc', te: 'trailers' },
    body: Buffer.concat([prefix, packet]),
  }
}

const grpcAnswer = ({ headers, trailers, body }: HttpResponse): HttpAnswer => {
  // A call that fails at once has its trailers for headers.
  const { 'grpc-status': code, 'grpc-message': text } = { ...headers, ...trailers }
  if (code !== '0') {
    const grpc = GRPC_CODES[Number(code)] ?? String(code)
    return { carried: { grpc, body: decodeURIComponent(String(text ?? '')) }, message: undefined }
  }
  let at = GRPC_PREFIX_BYTES + 1
  let length = 0
  for (let shift = 0; ; shift += 7) {
    const byte = body[at++] ?? 0
    length |= (byte & 127) << shift
    if (byte < 128) break
  }
  return { carried: {}, message: Uint8Array.from(body.subarray(at, at + length)) }
}

const overHttp1 = (
  { host, port, localAddress }: Place,
  { method, path, headers, body }: HttpRequest,
  signal: AbortSignal,
): Promise<HttpResponse> =>
  new Promise((resolve, reject) => {
    const way = { host, port, path, method, headers, signal, agent: false }
    const sent = plainRequest({ ...way, ...(localAddress && { localAddress }) }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          trailers: {},
          body: Buffer.concat(chunks),
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })

const overHttp2 = async (
  { host, port, localAddress }: Place,
  scheme: 'http' | 'https',
  asked: HttpRequest,
  signal: AbortSignal,
): Promise<HttpResponse> => {
  const name = host.includes(':') ? `[${host}]` : host
  const from = localAddress === undefined ? {} : { localAddress }
  const session = connect(`${scheme}://${name}:${port}`, { rejectUnauthorized: false, ...from })
  const end = (): void => session.destroy()
  signal.addEventListener('abort', end)
  try {
    return await streamOf(session, asked)
  } finally {
    signal.removeEventListener('abort', end)
    session.destroy()
  }
}

const streamOf = (
  session: ClientHttp2Session,
  { method, path, headers, body }: HttpRequest,
): Promise<HttpResponse> =>
  new Promise((resolve, reject) => {
    session.on('error', reject)
    session.on('close', () => reject(new Error('closed')))
    const pseudo = { ':method': method, ':path': path, ...headers }
    const stream = session.request(pseudo, { endStream: body.length === 0 })
    const chunks: Buffer[] = []
    let [head, trailers]: [IncomingHttpHeaders, IncomingHttpHeaders] = [{}, {}]
    stream.on('response', received => {
      head = received
    })
    stream.on('trailers', received => {
      trailers = received
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', reject)
    stream.on('close', () =>
      resolve({
        status: Number((head as { ':status'?: number })[':status'] ?? 0),
        headers: head,
        trailers,
        body: Buffer.concat(chunks),
      }),
    )
    if (body.length > 0) stream.end(body)
  })
