// System errors in the words of Go's syscall package, which CoreDNS prints: operators and their
// alerts know them. Node's own texts ("ENOENT: no such file or directory, open …") never reach an
// operator.

import { getSystemErrorMessage } from 'node:util'

const TEXTS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission denied'],
  ['EADDRINUSE', 'address already in use'],
  ['EADDRNOTAVAIL', 'cannot assign requested address'],
  ['EAFNOSUPPORT', 'address family not supported by protocol'],
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset by peer'],
  ['EHOSTUNREACH', 'no route to host'],
  ['EINVAL', 'invalid argument'],
  ['EIO', 'input/output error'],
  ['EISDIR', 'is a directory'],
  ['ELOOP', 'too many levels of symbolic links'],
  ['EMFILE', 'too many open files'],
  ['EMSGSIZE', 'message too long'],
  ['ENAMETOOLONG', 'file name too long'],
  ['ENETUNREACH', 'network is unreachable'],
  ['ENFILE', 'too many open files in system'],
  ['ENOBUFS', 'no buffer space available'],
  ['ENODEV', 'no such device'],
  ['ENOENT', 'no such file or directory'],
  ['ENOMEM', 'cannot allocate memory'],
  ['ENOTDIR', 'not a directory'],
  ['ENXIO', 'no such device or address'],
  ['EPERM', 'operation not permitted'],
  ['EPIPE', 'broken pipe'],
  ['EROFS', 'read-only file system'],
  ['ETIMEDOUT', 'connection timed out'],
  // A path with a NUL in it.
  ['ERR_INVALID_ARG_VALUE', 'invalid argument'],
])

/** Node's code of a system error, such as ENOENT; '' for anything else. */
export const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''

/** What a system error says, without the call and the path; the message of any other error. */
export const errnoText = (error: unknown): string => {
  const text = TEXTS.get(codeOf(error))
  if (text !== undefined) return text
  if (!(error instanceof Error)) return String(error)
  return 'errno' in error && typeof error.errno === 'number' && error.errno < 0
    ? getSystemErrorMessage(error.errno)
    : error.message
}

/** `stat PATH: permission denied`: a failed call on a path, as Go words it. */
export const pathErrorText = (call: string, path: string, error: unknown): string =>
  `${call} ${path}: ${errnoText(error)}`

const LOOKUP_TEXTS: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'no such host'],
  ['ENODATA', 'no such host'],
  ['ENONAME', 'no such host'],
  ['EAI_AGAIN', 'Temporary failure in name resolution'],
  ['ETIMEOUT', 'i/o timeout'],
  ['ESERVFAIL', 'server misbehaving'],
  ['EREFUSED', 'server misbehaving'],
])

/** `lookup HOST: no such host`: a failed question for a host name, as Go's resolver words it. */
export const lookupErrorText = (host: string, error: unknown): string =>
  `lookup ${host}: ${LOOKUP_TEXTS.get(codeOf(error)) ?? errnoText(error)}`
