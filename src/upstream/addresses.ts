// Addresses that are not in the Corefile itself, found once at (re)load, on main: of an upstream
// that it names by host name, and of the name servers of a resolv.conf(5); and the search domains
// of such a file.

import { lookup, Resolver } from 'node:dns/promises'

const RESOLVER_TIMEOUT_MS = 2000

/**
 * All IPv4 addresses, then all IPv6 addresses. `resolvers` are IP:PORT texts, asked in order; none:
 * the system's resolver. Rejects when there is no address.
 */
export const lookupHost = async (name: string, resolvers: readonly string[]): Promise<string[]> => {
  if (resolvers.length === 0) {
    const found = await lookup(name, { all: true, order: 'ipv4first' })
    return found.map(({ address }) => address)
  }
  let failure: unknown
  for (const server of resolvers) {
    const resolver = new Resolver({ timeout: RESOLVER_TIMEOUT_MS, tries: 1 })
    resolver.setServers([server])
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    const addresses = [
      ...(v4.status === 'fulfilled' ? v4.value : []),
      ...(v6.status === 'fulfilled' ? v6.value : []),
    ]
    if (addresses.length > 0) return addresses
    failure =
      v4.status === 'rejected' ? v4.reason : v6.status === 'rejected' ? v6.reason : undefined
  }
  throw failure instanceof Error ? failure : new Error(`no addresses for ${name}`)
}

/**
 * The name servers of a resolv.conf(5) file. We forward names as they are, whatever it says of
 * domains. Addresses in order, link-local ones with their zone; whatever stands behind
 * `nameserver`, valid or not.
 */
export const readNameservers = (text: string): string[] => {
  const servers: string[] = []
  for (const line of text.split('\n')) {
    const [keyword, server] = line.trim().split(/\s+/)
    if (keyword === 'nameserver' && server !== undefined) servers.push(server)
  }
  return servers
}

/**
 * The search list of such a file, as it is spelt there: the last line with `search` counts, or with
 * `domain`, which is one of a single domain.
 */
export const readSearchDomains = (text: string): string[] => {
  let domains: string[] = []
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/)
    if (keyword === 'search') domains = words
    else if (keyword === 'domain' && words.length > 0) domains = words.slice(0, 1)
  }
  return domains
}
