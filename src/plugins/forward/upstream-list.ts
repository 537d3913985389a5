// Main's part of the TO arguments: reads the resolv.conf files and resolves the host names, once per (re)load.

import { readFile, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { messageOf } from '../../core/errors.ts'
import { goQuote } from '../../corefile/quote.ts'
import { type Endpoint, makeEndpoint } from '../../upstream/endpoint.ts'
import { lookupHost } from '../../upstream/host-lookup.ts'
import { readNameservers } from '../../upstream/resolv-conf.ts'
import type { ForwardOptions } from './options.ts'
import type { To } from './to.ts'

/** At least one upstream, each HOST:PORT once, the first mention winning. Rejects with CoreDNS's texts. */
export async function listUpstreams(options: ForwardOptions): Promise<Endpoint[]> {
  const upstreams = new Map<string, Endpoint>()
  for (const to of options.to) {
    for (const endpoint of await endpointsOf(to, options)) {
      if (!upstreams.has(endpoint.name)) upstreams.set(endpoint.name, endpoint)
    }
  }
  if (upstreams.size === 0) throw new Error('no valid upstream addresses found')
  return [...upstreams.values()]
}

async function endpointsOf(to: To, options: ForwardOptions): Promise<Endpoint[]> {
  const { tlsServerName } = options
  if (to.kind === 'address') {
    return [makeEndpoint(to.protocol, to.address, to.port, to.protocol === 'tls' ? to.serverName || tlsServerName : '')]
  }
  if (to.isFileAllowed && (await isFile(to.text))) return nameserversOf(to.text)
  if (to.host === undefined) throw new Error(`not an IP address, file, or valid domain: ${goQuote(to.text)}`)
  const { host, port, protocol } = to
  try {
    const addresses = await lookupHost(host, options.resolvers)
    // The certificate is checked for the name that the operator wrote, unless tls_servername says otherwise.
    const serverName = protocol === 'tls' ? tlsServerName || host.replace(/\.$/, '') : ''
    return addresses.map(address => makeEndpoint(protocol, address, port, serverName))
  } catch (error) {
    throw new Error(`failed to resolve "${host}": ${messageOf(error)}`, { cause: error })
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isDirectory()
  } catch {
    // Absent or unreachable: then it is taken for a host name, as in CoreDNS.
    return false
  }
}

async function nameserversOf(path: string): Promise<Endpoint[]> {
  const servers = readNameservers(await readFile(path, 'utf8'))
  for (const server of servers) {
    if (isIP(server) === 0) throw new Error(`not an IP address in ${path}: ${goQuote(server)}`)
  }
  return servers.map(server => makeEndpoint('dns', server, 53))
}
