// Where an upstream is reached: plain data that main resolves and every shard receives.

import { isIPv6 } from '../base/ip-text.ts'
import type { Peer } from '../chain/query/query.ts'

/** `http` is HTTP/2 in clear text, by prior knowledge. */
export type UpstreamProtocol = 'dns' | 'tls' | 'https' | 'http'

export interface Endpoint extends Peer {
  readonly protocol: UpstreamProtocol
  /** HOST:PORT: the `to` label, and what makes two upstreams the same. */
  readonly name: string
  /**
   * What the certificate must be valid for, sent as SNI; '' verifies the address and sends no SNI.
   */
  readonly serverName: string
  /** The host of its URL, if that is a name; '' for the address. */
  readonly host: string
  /** Of a Unix socket, which is reached by no address. */
  readonly path?: string
}

/** Whether a connection to it begins with a TLS handshake. */
export const isEncrypted = ({ protocol }: Pick<Endpoint, 'protocol'>): boolean =>
  protocol === 'tls' || protocol === 'https'

/** HOST:PORT with IPv6 in brackets. */
export const hostPort = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

export const makeEndpoint = (
  protocol: UpstreamProtocol,
  address: string,
  port: number,
  serverName = '',
  host = '',
): Endpoint => ({
  protocol,
  address,
  port,
  family: isIPv6(address) ? 6 : 4,
  name: hostPort(address, port),
  serverName,
  host,
})
