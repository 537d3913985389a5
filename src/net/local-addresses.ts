// The addresses of this machine, and the interfaces that link-local ones are on. A wildcard UDP
// listener binds each of them, since a reply from a wildcard socket may leave from another address
// than the one that was asked, and clients drop such replies.

import { networkInterfaces } from 'node:os'

/**
 * The number that the interface of an address's zone has now, 0 without one: an interface that is
 * created again keeps its name and gets another.
 */
export const scopeNow = (address: string): number => {
  const zone = address.slice(address.indexOf('%') + 1)
  if (zone === address) return 0
  if (/^\d+$/.test(zone)) return Number(zone)
  return (
    networkInterfaces()[zone]?.find(entry => entry.family === 'IPv6' && entry.scopeid !== 0)
      ?.scopeid ?? 0
  )
}

/** Literal addresses, IPv6 link-local ones with their zone. */
export const localAddresses = (): string[] => {
  const found = new Set<string>()
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const { address, family, scopeid } of addresses ?? []) {
      found.add(
        family === 'IPv6' && scopeid !== undefined && scopeid !== 0
          ? `${address}%${name}`
          : address,
      )
    }
  }
  return [...found].sort()
}
