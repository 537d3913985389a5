// The name servers of a resolv.conf(5) file. Search lists and options are not ours: we forward
// names as they are.

/**
 * Addresses in order, link-local ones with their zone; whatever stands behind `nameserver`, valid
 * or not.
 */
export function readNameservers(text: string): string[] {
  const servers: string[] = []
  for (const line of text.split('\n')) {
    const [keyword, server] = line.trim().split(/\s+/)
    if (keyword === 'nameserver' && server !== undefined) servers.push(server)
  }
  return servers
}
