// DNS over gRPC, as a client: the service `coredns.dns.DnsService`, whose one call takes a DNS
// message and gives one back, each as field 1 of a protobuf message.

import { type Endpoint, hostPort } from './endpoint.ts'
import { ExchangeError } from './exchange-error.ts'
import type { HttpAnswer, HttpRequest } from './http-exchange.ts'

const PATH = '/coredns.dns.DnsService/Query'
const PREFIX_SIZE = 5
const MOST_MESSAGE_BYTES = 65_535
/** The message, its tag and its length, and the prefix. */
const MOST_BYTES = MOST_MESSAGE_BYTES + 4 + PREFIX_SIZE
const MOST_TEXT = 1024

/** By number: https://grpc.io/docs/guides/status-codes. */
const CODES = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
]
const NOT_FOUND = CODES.indexOf('NotFound')

/** Of the URL: the name that the certificate is for, or where it is. */
export const grpcAuthorityOf = ({ serverName, path, address, port }: Endpoint): string => {
  if (serverName !== '') return serverName
  return path === undefined ? hostPort(address.replace(/%.*/, ''), port) : 'localhost'
}

export const grpcRequest = (message: Uint8Array, timeoutMs: number): HttpRequest => ({
  method: 'POST',
  path: PATH,
  headers: {
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': `${Math.ceil(timeoutMs)}m`,
  },
  body: packet(message),
  mostBytes: MOST_BYTES,
})

/** Field 1, of wire type 2. */
const TAG = 0x0a

const packet = (message: Uint8Array): Uint8Array => {
  const size = varint(message.length)
  const length = 1 + size.length + message.length
  const whole = new Uint8Array(PREFIX_SIZE + length)
  new DataView(whole.buffer).setUint32(1, length)
  whole[PREFIX_SIZE] = TAG
  whole.set(size, PREFIX_SIZE + 1)
  whole.set(message, PREFIX_SIZE + 1 + size.length)
  return whole
}

const varint = (value: number): number[] => {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return bytes
}

/**
 * The DNS message, owned, or that the server has no such name. Throws an ExchangeError for anything
 * else.
 */
export const readGrpc = (
  { status, field, body }: HttpAnswer,
  remote: Endpoint,
): Uint8Array | 'not found' => {
  const code = field('grpc-status')
  if (code === undefined)
    throw failure(remote, 'Unknown', `unexpected HTTP status code received from server: ${status}`)
  if (Number(code) === NOT_FOUND) return 'not found'
  if (code !== '0')
    throw failure(remote, CODES[Number(code)] ?? code, textOf(field('grpc-message') ?? ''))
  const message = messageIn(body)
  if (message === undefined)
    throw new ExchangeError('malformed', `read tcp ${remote.name}: malformed reply`)
  return message
}

const failure = (remote: Endpoint, code: string, text: string): ExchangeError =>
  new ExchangeError('io', `${remote.name}: rpc error: code = ${code} desc = ${text}`)

/** What a server says of itself: escaped with %, and of any length. */
const textOf = (escaped: string): string => {
  let text = escaped
  try {
    text = decodeURIComponent(escaped)
  } catch {
    // Not escaped as it should be: then it is shown as it came.
  }
  return text.slice(0, MOST_TEXT).replaceAll(/[^\x20-\x7e]/g, '?')
}

/** Undefined if it is not one packet, uncompressed. */
const messageIn = (body: Uint8Array): Uint8Array | undefined => {
  if (body.length < PREFIX_SIZE || body[0] !== 0) return undefined
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  if (view.getUint32(1) !== body.length - PREFIX_SIZE) return undefined
  return new Fields(body, PREFIX_SIZE).message()
}

const WIRE_VARINT = 0
const WIRE_FIXED64 = 1
const WIRE_BYTES = 2
const WIRE_FIXED32 = 5
const MOST_VARINT_BYTES = 10

class Fields {
  readonly #bytes: Uint8Array
  #at: number

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  /** The last field 1 counts, and others are skipped. Undefined if it is malformed. */
  message(): Uint8Array | undefined {
    let found = new Uint8Array()
    while (this.#at < this.#bytes.length) {
      const tag = this.#varint()
      const isMessage = tag >>> 3 === 1
      const wire = tag & 7
      if (tag < 8 || (isMessage && wire !== WIRE_BYTES)) return undefined
      const start = this.#skip(wire)
      if (start < 0 || this.#at > this.#bytes.length) return undefined
      if (isMessage) found = this.#bytes.slice(start, this.#at)
    }
    return found
  }

  /** Where the field's value begins; -1 for a wire type that is none. */
  #skip(wire: number): number {
    if (wire === WIRE_BYTES) {
      const length = this.#varint()
      if (length < 0) return -1
      this.#at += length
      return this.#at - length
    }
    const start = this.#at
    if (wire === WIRE_VARINT) return this.#varint() < 0 ? -1 : start
    if (wire !== WIRE_FIXED64 && wire !== WIRE_FIXED32) return -1
    this.#at += wire === WIRE_FIXED64 ? 8 : 4
    return start
  }

  /** Up to 32 bits of it; -1 if it does not end. */
  #varint(): number {
    let value = 0
    for (let count = 0; count < MOST_VARINT_BYTES; count++) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) return -1
      if (count < 4) value |= (byte & 0x7f) << (7 * count)
      else if (count === 4) value += (byte & 7) * 2 ** 28
      if (byte < 0x80) return value
    }
    return -1
  }
}
