// Where an upstream is reached: plain data that main resolves and every shard receives.

import { isIPv6 } from '../base/ip-text.ts'
import type { Peer } from '../chain/query/query.ts'

export const UPSTREAM_PROTOCOLS = ['dns', 'tls', 'https'] as const
export type UpstreamProtocol = (typeof UPSTREAM_PROTOCOLS)[number]

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
}

/** Whether a connection to it begins with a TLS handshake. */
export const isEncrypted = ({ protocol }: Pick<Endpoint, 'protocol'>): boolean => protocol !== 'dns'

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
