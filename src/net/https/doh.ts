// DNS over HTTPS as a server (RFC 8484), with the statuses and texts of CoreDNS: from a request to
// a DNS message, and from its answer to a reply. Content types of requests are not looked at.

import type { HttpCodec, HttpHead, HttpReply, Rejection } from '../http/exchange.ts'
import { maxAge } from './max-age.ts'

const PATH = '/dns-query'
const MOST_BODY_BYTES = 65_536
/** What 65,536 bytes are in base64. */
const MOST_CHARACTERS = 87_382
const BASE64URL = /^[\w-]*$/

const plain = (status: number, text: string): HttpReply => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  body: Buffer.from(`${text}\n`),
})

const NOT_FOUND = plain(404, '')
const INVALID = plain(400, 'invalid request')
const NO_RESPONSE = plain(500, 'No response')

/** Path and query string of a target, which may be a whole URL (RFC 9112 section 3.2.2). */
const split = (target: string): { readonly path: string; readonly query: string } => {
  const from = target.startsWith('/') ? 0 : pathOfUrl(target)
  const mark = target.indexOf('?', from)
  return mark < 0
    ? { path: target.slice(from), query: '' }
    : { path: target.slice(from, mark), query: target.slice(mark + 1) }
}

const pathOfUrl = (url: string): number => {
  const host = url.indexOf('://') + 3
  const path = host < 3 ? -1 : url.indexOf('/', host)
  return path < 0 ? url.length : path
}

/** Undefined if an escape is malformed. */
const unescaped = (text: string): string | undefined => {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    // Malformed escapes are the client's.
    return undefined
  }
}

/** The one value of `dns`; undefined if it is not there, more than once, or malformed. */
const dnsParameter = (query: string): string | undefined => {
  const values = query
    .split('&')
    .map(pair => /^([^=;]*)(?:=([^;]*))?$/.exec(pair))
    .filter(parts => parts !== null && unescaped(parts[1] ?? '') === 'dns')
  const [only] = values
  return values.length === 1 ? unescaped(only?.[2] ?? '') : undefined
}

/** In memory of its own. Undefined if it is no base64url without padding. */
const decoded = (text: string): Uint8Array | undefined => {
  if (text.length > MOST_CHARACTERS || text.length % 4 === 1 || !BASE64URL.test(text))
    return undefined
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  Buffer.from(bytes.buffer).write(text, 'base64url')
  return bytes
}

export const DOH: HttpCodec = {
  transport: 'https',
  path: PATH,
  allowsHttp1: true,
  closesIdle: true,
  mostBodyBytes: MOST_BODY_BYTES,
  // As CoreDNS's HTTP library has it.
  mostStreams: 250,
  tooLong: INVALID,
  keepsQuery: false,

  begin({ method, target }: HttpHead): { readonly hasBody: boolean } | HttpReply {
    if (unescaped(split(target).path) !== PATH) return NOT_FOUND
    if (method === 'POST') return { hasBody: true }
    return method === 'GET' ? { hasBody: false } : INVALID
  },

  message({ method, target }: HttpHead, body: Uint8Array): Uint8Array | HttpReply {
    if (method === 'POST') return body
    const text = dnsParameter(split(target).query)
    return (text === undefined ? undefined : decoded(text)) ?? INVALID
  },

  answer(answer: Uint8Array | undefined, why: Rejection): HttpReply {
    if (answer === undefined) return why === 'rejected' ? INVALID : NO_RESPONSE
    const headers = {
      'content-type': 'application/dns-message',
      'cache-control': `max-age=${maxAge(answer)}`,
    }
    return { status: 200, headers, body: answer }
  },
}
