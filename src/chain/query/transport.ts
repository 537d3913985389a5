// Hot path. The transports between a client and a listener, and the facts of a connection apart
// from its addresses.

import type { Scheme } from '../listening.ts'

/** `udp` and `tcp` are those of scheme `dns`; the others are named like their schemes. */
export type Transport = 'udp' | 'tcp' | 'tls' | 'quic' | 'grpc' | 'https' | 'https3'

/** The protocol under it, as CoreDNS's log lines and metrics name it. */
export type Proto = 'udp' | 'tcp'

const PROTOS: Readonly<Record<Transport, Proto>> = {
  udp: 'udp',
  tcp: 'tcp',
  tls: 'tcp',
  quic: 'udp',
  grpc: 'tcp',
  https: 'tcp',
  https3: 'udp',
}

export const protoOf = (transport: Transport): Proto => PROTOS[transport]

/** Over which the connections of a listener come. */
export const transportOf = (scheme: Scheme): Transport => (scheme === 'dns' ? 'tcp' : scheme)

/**
 * Whether an answer must fit in one datagram, and the client's address may be forged. Over other
 * transports messages are framed, and at most 65535 bytes long.
 */
export const isDatagram = (transport: Transport): boolean => transport === 'udp'

/**
 * Whether the transport has words of its own for a message that the server does not take: then
 * no DNS message says so.
 */
export const rejectsItself = (transport: Transport): boolean =>
  transport === 'https' || transport === 'https3' || transport === 'grpc'

/**
 * Data that the client sent when it connected, not validated; all absent over plain UDP and TCP.
 */
export interface ConnectionFacts {
  /** Server name that the client asked for (RFC 6066 section 3). */
  readonly sni?: string | undefined
  /** Protocol that was agreed on (RFC 7301): `dot`, `h2`. */
  readonly alpn?: string | undefined
  /** Path of the HTTP request, without the query string (RFC 8484). */
  readonly path?: string | undefined
}

/** Longer facts are cut. */
const MOST_FACT_CHARACTERS = 1024

/** Facts of a connection, of bounded size: they live as long as it does. */
export const connectionFacts = ({ sni, alpn, path }: ConnectionFacts): ConnectionFacts => ({
  sni: sni?.slice(0, MOST_FACT_CHARACTERS),
  alpn: alpn?.slice(0, MOST_FACT_CHARACTERS),
  path: path?.slice(0, MOST_FACT_CHARACTERS),
})

export const NO_FACTS: ConnectionFacts = connectionFacts({})
