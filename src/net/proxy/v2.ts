// Version 2 of the PROXY protocol: 12 bytes of signature, version and command, family and protocol,
// the length of what follows, addresses, and perhaps further fields, which are passed over.

import { getU16 } from '../../wire/header.ts'
import { BAD, beginsWith, NO_HEADER, ProxyHeader, SHORT } from './header.ts'

const SIGNATURE = Uint8Array.of(
  0x0d,
  0x0a,
  0x0d,
  0x0a,
  0x00,
  0x0d,
  0x0a,
  0x51,
  0x55,
  0x49,
  0x54,
  0x0a,
)
const FIXED_BYTES = 16
const VERSION = 2
const COMMAND_LOCAL = 0
const COMMAND_PROXY = 1
const FAMILY_INET = 1
const FAMILY_UNIX = 3
/** Protocols, and families, that the sender does not tell. */
const UNSPECIFIED = 0
const PROTOCOL_STREAM = 1
const PROTOCOL_DATAGRAM = 2
/** Behind the fixed part. No sender needs as much: HAProxy itself takes less. */
const MOST_BYTES = 4096
const INET_BYTES = 12
const INET6_BYTES = 36

/**
 * Reads the header that begins at `at`; returns its length, or NO_HEADER, SHORT or BAD. It must be
 * of a proxied datagram if `isDatagram`, else of a proxied connection.
 */
export const readV2 = (
  bytes: Uint8Array,
  at: number,
  end: number,
  isDatagram: boolean,
  header: ProxyHeader,
): number => {
  if (!beginsWith(bytes, at, end, SIGNATURE)) return NO_HEADER
  if (end - at < FIXED_BYTES) return SHORT
  const command = bytes[at + 12]! & 15
  if (bytes[at + 12]! >> 4 !== VERSION || command > COMMAND_PROXY) return BAD
  const length = getU16(bytes, at + 14)
  if (length > MOST_BYTES) return BAD
  if (at + FIXED_BYTES + length > end) return SHORT
  header.isLocal = true
  const isRead =
    command === COMMAND_LOCAL ||
    readAddresses(bytes, at + FIXED_BYTES, length, bytes[at + 13]!, isDatagram, header)
  return isRead ? FIXED_BYTES + length : BAD
}

/** The message of a datagram, whether a header stands in front of it or not. */
export const messageIn = (datagram: Uint8Array): Uint8Array => {
  const length = readV2(datagram, 0, datagram.length, true, new ProxyHeader())
  return length > 0 ? datagram.subarray(length) : datagram
}

/** False for what cannot be of a datagram, or of a connection. */
const readAddresses = (
  bytes: Uint8Array,
  at: number,
  length: number,
  kind: number,
  isDatagram: boolean,
  header: ProxyHeader,
): boolean => {
  const family = kind >> 4
  const protocol = kind & 15
  if (family > FAMILY_UNIX || protocol > PROTOCOL_DATAGRAM) return false
  if (family === UNSPECIFIED || family === FAMILY_UNIX || protocol === UNSPECIFIED) return true
  if (protocol !== (isDatagram ? PROTOCOL_DATAGRAM : PROTOCOL_STREAM)) return false
  if (length < (family === FAMILY_INET ? INET_BYTES : INET6_BYTES)) return false
  const size = family === FAMILY_INET ? 4 : 16
  const ports = at + 2 * size
  header.isLocal = false
  header.source.set(bytes, at, size, getU16(bytes, ports))
  header.destination.set(bytes, at + size, size, getU16(bytes, ports + 2))
  return true
}
