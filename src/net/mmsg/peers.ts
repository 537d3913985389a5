// The sender of a datagram and the address it was sent to, for the slow path: text from sockaddr
// and control messages.

import { ipToText } from '../../base/ip.ts'
import type { Peer } from '../../chain/query/query.ts'
import { C, CMSGHDR, IN_PKTINFO, IN6_PKTINFO, SOCKADDR_IN, SOCKADDR_IN6 } from './abi.ts'
import type { InboundMemory } from './inbound-memory.ts'

/** The sender of a datagram; IPv4-mapped IPv6 becomes IPv4. */
export const senderOf = (inbound: InboundMemory, index: number): Peer =>
  peerOfSockaddr(inbound.bytes, inbound.nameWord(index) << 2)

/** The peer of a sockaddr at that byte. */
export const peerOfSockaddr = (bytes: Uint8Array, at: number): Peer => {
  const port = (bytes[at + SOCKADDR_IN.port]! << 8) | bytes[at + SOCKADDR_IN.port + 1]!
  if (bytes[at] === C.AF_INET) return peerAt(bytes, at + SOCKADDR_IN.addr, 4, port)
  return peerAt(bytes, at + SOCKADDR_IN6.addr, 16, port)
}

/** Where a datagram was sent to, by its control message; undefined if there is none. */
export const recipientOf = (
  inbound: InboundMemory,
  index: number,
  port: number,
): Peer | undefined => {
  const { bytes, words } = inbound
  const word = inbound.controlWord(index)
  if (inbound.controlLength(index) < CMSGHDR.size) return undefined
  const level = words[word + (CMSGHDR.level >> 2)]
  const data = (word << 2) + CMSGHDR.data
  if (level === C.IPPROTO_IP) return peerAt(bytes, data + IN_PKTINFO.addr, 4, port)
  return level === C.IPPROTO_IPV6 ? peerAt(bytes, data + IN6_PKTINFO.addr, 16, port) : undefined
}

const peerAt = (bytes: Uint8Array, at: number, size: 4 | 16, port: number): Peer => {
  const isMapped = size === 16 && isV4Mapped(bytes, at)
  return new SocketPeer(bytes.slice(isMapped ? at + 12 : at, at + size), port)
}

/**
 * A peer whose address becomes text when somebody asks for it: most queries are answered without.
 */
class SocketPeer implements Peer {
  readonly port: number
  readonly family: 4 | 6
  readonly #bytes: Uint8Array
  #address: string | undefined

  constructor(bytes: Uint8Array, port: number) {
    this.#bytes = bytes
    this.port = port
    this.family = bytes.length === 4 ? 4 : 6
  }

  get address(): string {
    this.#address ??= ipToText(this.#bytes)
    return this.#address
  }
}

const isV4Mapped = (bytes: Uint8Array, at: number): boolean => {
  for (let k = 0; k < 10; k++) if (bytes[at + k] !== 0) return false
  return bytes[at + 10] === 0xff && bytes[at + 11] === 0xff
}
