// The first bytes of a connection that is to begin with TLS: whether they do, and how far its first
// record goes. What is no TLS is known before anything is made for it.

const HANDSHAKE = 0x16
const MAJOR_VERSION = 3
const CLIENT_HELLO = 1
const HEADER_BYTES = 5
/** RFC 8446 section 5.1. */
const LONGEST_FRAGMENT = 2 ** 14

/** As long as a first record may be, with its header. */
export const LONGEST_FIRST_RECORD = HEADER_BYTES + LONGEST_FRAGMENT

/**
 * The length of the TLS record that begins with a ClientHello, with its header, whether or not all
 * of it is there; `short` if that cannot be told yet.
 */
export const recordLength = (bytes: Uint8Array): number | 'short' | 'not-tls' => {
  const [type = HANDSHAKE, major = MAJOR_VERSION, , high, low, message = CLIENT_HELLO] = bytes
  if (type !== HANDSHAKE || major !== MAJOR_VERSION || message !== CLIENT_HELLO) return 'not-tls'
  if (high === undefined || low === undefined) return 'short'
  const length = (high << 8) | low
  return length > 0 && length <= LONGEST_FRAGMENT ? HEADER_BYTES + length : 'not-tls'
}
