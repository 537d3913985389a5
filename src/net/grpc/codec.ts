// CoreDNS's gRPC service as a server: unary calls of `Query`, over node:http2. Statuses are those
// of CoreDNS's gRPC library, where a client can tell.

import {
  type HttpCodec,
  type HttpHead,
  type HttpReply,
  NO_BYTES,
  type Rejection,
} from '../http/exchange.ts'
import { MOST_FRAME_BYTES, readCall, type WireFault, writeCall } from './wire.ts'

const PATH = '/coredns.dns.DnsService/Query'
const CONTENT_TYPE = 'application/grpc'

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const UNKNOWN = 2
const INVALID_ARGUMENT = 3
const RESOURCE_EXHAUSTED = 8
const UNIMPLEMENTED = 12
const INTERNAL = 13

/** A failed call: its status comes in the head. */
const failed = (status: number, message: string): HttpReply => ({
  status: 200,
  headers: {
    'content-type': CONTENT_TYPE,
    'grpc-status': String(status),
    'grpc-message': message,
  },
  body: NO_BYTES,
})

/** A request that is no call at all. */
const refused = (status: number): HttpReply => ({ status, headers: {}, body: NO_BYTES })

const OTHER_METHOD = refused(405)
const OTHER_TYPE = refused(415)
const OTHER_PATH = failed(UNIMPLEMENTED, 'unknown service or method')
const REJECTED = failed(UNKNOWN, 'dns request rejected')
const TOO_LONG = failed(RESOURCE_EXHAUSTED, 'received message larger than max')

const FAULTS: Readonly<Record<WireFault, HttpReply>> = {
  compressed: failed(UNIMPLEMENTED, 'compressed messages are not supported'),
  'too long': TOO_LONG,
  cut: failed(INTERNAL, 'unexpected end of the message'),
  several: failed(INVALID_ARGUMENT, 'a call has one message'),
  malformed: failed(INTERNAL, 'failed to unmarshal the received message'),
}

const OK = { 'grpc-status': '0', 'grpc-message': '' }

/** `application/grpc`, `application/grpc+proto`, `application/grpc; …`. */
const isGrpc = (type: string): boolean =>
  type.startsWith(CONTENT_TYPE) && /^[+;]?$/.test(type.charAt(CONTENT_TYPE.length))

export const GRPC: HttpCodec = {
  transport: 'grpc',
  path: PATH,
  allowsHttp1: false,
  closesIdle: false,
  mostBodyBytes: MOST_FRAME_BYTES,
  mostStreams: 1000,
  tooLong: TOO_LONG,
  keepsQuery: true,

  begin({ method, target, contentType }: HttpHead): { readonly hasBody: boolean } | HttpReply {
    if (method !== 'POST') return OTHER_METHOD
    if (!isGrpc(contentType.toLowerCase())) return OTHER_TYPE
    return target === PATH ? { hasBody: true } : OTHER_PATH
  },

  message(_, body: Uint8Array): Uint8Array | HttpReply {
    const message = readCall(body)
    return typeof message === 'string' ? FAULTS[message] : message.slice()
  },

  /** A call has to be answered: where the chain is silent, CoreDNS gives the query back. */
  answer(answer: Uint8Array | undefined, why: Rejection, query: Uint8Array): HttpReply {
    if (why === 'rejected') return REJECTED
    const headers = { 'content-type': CONTENT_TYPE }
    return { status: 200, headers, body: writeCall(answer ?? query), trailers: OK }
  },
}
