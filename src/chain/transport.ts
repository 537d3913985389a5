// Hot path. How messages travel between a client and a listener, and what a listener knows of a
// connection beside its addresses.

/** `udp` and `tcp` are those of scheme `dns`; the others are named like their schemes. */
export type Transport = 'udp' | 'tcp' | 'tls' | 'quic' | 'grpc' | 'https' | 'https3'

/** What log lines and metrics say of it: the protocol below, as CoreDNS tells it. */
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

/**
 * Whether an answer has to fit into what the client can take in one datagram, and the client's
 * address may be forged. Else messages are framed, and 65535 bytes long at most.
 */
export const isDatagram = (transport: Transport): boolean => transport === 'udp'

/** What the client said when it connected, as it came; all absent over plain UDP and TCP. */
export interface ConnectionFacts {
  /** Server name that the client asked for (RFC 6066 section 3). */
  readonly sni?: string | undefined
  /** Protocol that was agreed on (RFC 7301): `dot`, `h2`. */
  readonly alpn?: string | undefined
  /** Of the request, without the query string (RFC 8484). */
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
