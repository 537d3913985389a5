// The addresses of this machine: a wildcard UDP listener binds each of them, since a reply from a wildcard socket may leave from another
// address than the one that was asked, and clients drop such replies.

import { networkInterfaces } from 'node:os'

/** Literal addresses, IPv6 link-local ones with their zone. */
export const localAddresses = (): string[] => {
  const found = new Set<string>()
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const { address, family, scopeid } of addresses ?? []) {
      found.add(family === 'IPv6' && scopeid !== undefined && scopeid !== 0 ? `${address}%${name}` : address)
    }
  }
  return [...found].sort()
}
