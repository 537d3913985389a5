// Why one exchange with an upstream failed, worded as Go's net package words it: operators and their alerts know these lines.

/**
 * `timeout` nothing acceptable came in time; `closed` the peer ended the connection before answering; `malformed` a reply over a stream is no
 * DNS message; `local` this process lacks something (sockets, descriptors, a usable source address), so no upstream is to blame; `io` the rest.
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

const TEXTS = new Map([
  ['EACCES', 'permission denied'],
  ['EADDRINUSE', 'address already in use'],
  ['EADDRNOTAVAIL', 'cannot assign requested address'],
  ['EAFNOSUPPORT', 'address family not supported by protocol'],
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset by peer'],
  ['EHOSTUNREACH', 'no route to host'],
  ['EINVAL', 'invalid argument'],
  ['EMFILE', 'too many open files'],
  ['EMSGSIZE', 'message too long'],
  ['ENETUNREACH', 'network is unreachable'],
  ['ENFILE', 'too many open files in system'],
  ['ENOBUFS', 'no buffer space available'],
  ['ENOMEM', 'cannot allocate memory'],
  ['EPERM', 'operation not permitted'],
  ['EPIPE', 'broken pipe'],
  ['ETIMEDOUT', 'connection timed out'],
])

const LOCAL_CODES = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'])
const CLOSED_CODES = new Set(['ECONNRESET', 'EPIPE'])

/** `operation` up to the cause, such as `dial tcp 192.0.2.1:53: connect`; `cause` is what Node threw or emitted. */
export function ioError(operation: string, cause: unknown): ExchangeError {
  const code = codeOf(cause)
  const text = TEXTS.get(code) ?? (cause instanceof Error ? cause.message : String(cause))
  const kind = LOCAL_CODES.has(code) ? 'local' : CLOSED_CODES.has(code) ? 'closed' : 'io'
  return new ExchangeError(kind, `${operation}: ${text}`, { cause })
}

export const timeoutError = (operation: string): ExchangeError => new ExchangeError('timeout', `${operation}: i/o timeout`)

const codeOf = (cause: unknown): string =>
  typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : ''
