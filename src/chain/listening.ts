// What a listener serves beside plain DNS: its scheme, and what plugins set for it (certificates,
// PROXY headers, limits of connections). Plain data: control halves write it into BlockSettings,
// main sends it to the shards.

/** Schemes of server block keys that can be listened on. */
export type Scheme = 'dns' | 'tls' | 'https' | 'grpc'

/**
 * Whether threads of their own listen, the stream shards: what a connection of such a scheme costs
 * (a handshake, frames of HTTP) must not make UDP wait.
 */
export const isOfStreamShards = (scheme: Scheme): boolean => scheme !== 'dns'

/** PEM texts. */
export interface TlsMaterial {
  readonly cert: string
  readonly key: string
  /** Authorities of client certificates; absent: the system's. */
  readonly ca?: string
}

/** Go's names for what is asked of a client's certificate, as the Corefile writes them. */
export type ClientAuth = 'nocert' | 'request' | 'require' | 'verify_if_given' | 'require_and_verify'

/** A certificate to serve, and how. */
export interface TlsServing {
  /** The same over reloads: what a renewal is addressed to. */
  readonly identity: string
  /** Rises with each change. */
  readonly version: number
  /** Undefined while there is none yet: handshakes fail. */
  readonly material: TlsMaterial | undefined
  /** DNS names of the certificate, lower case: which client gets it is chosen by them. */
  readonly names: readonly string[]
  readonly clientAuth: ClientAuth
  /** File that the secrets of sessions are appended to; '' for none. */
  readonly keylog: string
  /** 48 bytes, others with each version: a resumed session does not outlive its certificate. */
  readonly ticketKeys: Uint8Array
}

/** What a PROXY header of a sender comes to. */
export type ProxyPolicy = 'use' | 'ignore' | 'reject' | 'skip'

/** How the headers of the PROXY protocol are treated. */
export interface ProxyServing {
  /** Senders whose headers are used. */
  readonly allow: readonly { readonly bytes: Uint8Array; readonly bits: number }[]
  /** There is no such list. */
  readonly isOpen: boolean
  /** For all others; where there is no list, for everybody. */
  readonly policy: ProxyPolicy
  /** For how long a datagram's header counts for those of the same sender without one. */
  readonly sessions?: { readonly ttlMs: number; readonly most: number }
}

/** Limits of one listener over all shards; 0: none. */
export interface StreamServing {
  readonly maxConnections: number
  /** Of one connection. */
  readonly maxStreams: number
}

/** The certificates with a newer version of one of them; the same list if it is not among them. */
export const withRenewed = (
  servings: readonly TlsServing[],
  one: TlsServing,
): readonly TlsServing[] => {
  const isOlder = ({ identity, version }: TlsServing): boolean =>
    identity === one.identity && version < one.version
  return servings.some(isOlder)
    ? servings.map(serving => (isOlder(serving) ? one : serving))
    : servings
}

/** What the blocks of one listener come to. */
export interface Serving {
  readonly scheme: Scheme
  /** Certificates of its blocks, in the order of the Corefile, each once; empty: in clear text. */
  readonly tls: readonly TlsServing[]
  readonly proxy?: ProxyServing | undefined
  readonly limits: StreamServing
}

/** Of `dns://` without any plugin that sets something for it. */
export const PLAIN_SERVING: Serving = {
  scheme: 'dns',
  tls: [],
  limits: { maxConnections: 0, maxStreams: 0 },
}
