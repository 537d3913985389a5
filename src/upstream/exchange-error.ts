// Why one exchange with an upstream failed, worded as Go's net package words it: operators and
// their alerts know these lines.

import { codeOf, errnoText } from '../base/files/errno.ts'

/**
 * `timeout` nothing acceptable came in time; `closed` the peer ended the connection before
 * answering; `malformed` a reply over a stream is no DNS message; `local` this process lacks
 * something (sockets, descriptors, a usable source address), so no upstream is to blame; `io` the
 * rest.
 */
export type FailureKind = 'timeout' | 'closed' | 'malformed' | 'local' | 'io'

export class ExchangeError extends Error {
  readonly kind: FailureKind

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ExchangeError'
    this.kind = kind
  }
}

const LOCAL_CODES = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'])
const CLOSED_CODES = new Set(['ECONNRESET', 'EPIPE'])

/**
 * `operation` up to the cause, such as `dial tcp 192.0.2.1:53: connect`; `cause` is what Node threw
 * or emitted.
 */
export const ioError = (operation: string, cause: unknown): ExchangeError => {
  const code = codeOf(cause)
  const kind = LOCAL_CODES.has(code) ? 'local' : CLOSED_CODES.has(code) ? 'closed' : 'io'
  return new ExchangeError(kind, `${operation}: ${errnoText(cause)}`, { cause })
}

export const timeoutError = (operation: string): ExchangeError =>
  new ExchangeError('timeout', `${operation}: i/o timeout`)

/** Our own side has given it up. `path` is local and remote address. */
export const canceledError = (path: string): ExchangeError =>
  new ExchangeError('local', `read tcp ${path}: operation was canceled`)

/** `remote` is the endpoint's name, `limit` that of the thread's SocketAllowance. */
export const tooManyConnections = (remote: string, limit: number): ExchangeError =>
  new ExchangeError(
    'local',
    `dial tcp ${remote}: too many connections to upstreams (of ${limit} sockets)`,
  )
