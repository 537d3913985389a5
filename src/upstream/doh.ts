// DNS over HTTPS (RFC 8484), as a client: a question as a request, and the body of the answer as a
// reply. Status and content type say nothing about the DNS message, so they are not looked at.

import { FLAG_QR, getFlags, HEADER_SIZE, setId } from '../wire/header.ts'
import { type Endpoint, hostPort } from './endpoint.ts'
import { ExchangeError } from './exchange-error.ts'
import type { HttpAnswer, HttpRequest } from './http-exchange.ts'
import type { Ask } from './relayed-question.ts'

export const DOH_METHODS = ['POST', 'GET'] as const
export type DohMethod = (typeof DOH_METHODS)[number]

const PATH = '/dns-query'
const TYPE = 'application/dns-message'
const DEFAULT_PORT = 443
const MOST_BYTES = 65_535

/** The host of the URL, with its port unless that is HTTPS's own. */
export const authorityOf = ({ host, address, port }: Endpoint): string => {
  const whole = hostPort(host === '' ? address.replace(/%.*/, '') : host, port)
  return port === DEFAULT_PORT ? whole.slice(0, -`:${port}`.length) : whole
}

/** Under id 0, so that caches on the way see equal questions as equal. */
export const dohRequest = (template: Uint8Array, method: DohMethod): HttpRequest => {
  const message = new Uint8Array(template)
  setId(message, 0, 0)
  const headers = { accept: TYPE }
  return method === 'GET'
    ? {
        method,
        path: `${PATH}?dns=${Buffer.from(message.buffer).toString('base64url')}`,
        headers,
        body: undefined,
        mostBytes: MOST_BYTES,
      }
    : {
        method,
        path: PATH,
        headers: { ...headers, 'content-type': TYPE },
        body: message,
        mostBytes: MOST_BYTES,
      }
}

/**
 * Asks by `send`, which rejects with an ExchangeError. Resolves when `ask` has accepted the reply;
 * rejects with an ExchangeError.
 */
export const askDoh = async (
  ask: Ask,
  method: DohMethod,
  remote: Endpoint,
  send: (request: HttpRequest) => Promise<HttpAnswer>,
): Promise<void> => {
  const { body: reply } = await send(dohRequest(ask.template, method))
  // Which question it answers is known without the id; but a page in HTML is no reply.
  const isReply = reply.length >= HEADER_SIZE && (getFlags(reply, 0) & FLAG_QR) !== 0
  if (isReply) setId(reply, 0, ask.id)
  if (ask.judge(reply) === 'accept' && isReply) return
  throw new ExchangeError('malformed', `read tcp ${remote.name}: malformed reply`)
}
