// Where an upstream is reached: plain data that main resolves and every shard receives.

import { isIPv6 } from '../base/ip-text.ts'
import type { Peer } from '../chain/query/query.ts'

export interface Endpoint extends Peer {
  readonly protocol: 'dns' | 'tls'
  /** HOST:PORT: the `to` label, and what makes two upstreams the same. */
  readonly name: string
  /**
   * What the certificate must be valid for, sent as SNI; '' verifies the address and sends no SNI.
   */
  readonly serverName: string
}

/** HOST:PORT with IPv6 in brackets. */
export const hostPort = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

export const makeEndpoint = (
  protocol: 'dns' | 'tls',
  address: string,
  port: number,
  serverName = '',
): Endpoint => ({
  protocol,
  address,
  port,
  family: isIPv6(address) ? 6 : 4,
  name: hostPort(address, port),
  serverName,
})
