// Main's part of the TO arguments: reads the resolv.conf files and resolves the host names, once
// per (re)load.

import { lookupErrorText } from '../../base/files/errno.ts'
import { ArgumentError } from '../../chain/errors.ts'
import type { InspectScope } from '../../chain/plugin/inspect-scope.ts'
import { goQuote } from '../../corefile/words/strconv.ts'
import { lookupHost } from '../../upstream/addresses.ts'
import { type Endpoint, isEncrypted, makeEndpoint } from '../../upstream/endpoint.ts'
import { isFile, nameserversIn } from '../../upstream/resolv-conf.ts'
import type { ForwardOptions } from './options.ts'
import type { To } from './to.ts'

/**
 * At least one upstream, each HOST:PORT once, the first mention winning. Rejects with CoreDNS's
 * texts.
 */
export const listUpstreams = async (options: ForwardOptions): Promise<Endpoint[]> => {
  const upstreams = new Map<string, Endpoint>()
  for (const to of options.to) {
    const place = await locate(to, options)
    const endpoints = 'host' in place ? await resolve(place, options) : place.endpoints
    for (const endpoint of endpoints) {
      if (!upstreams.has(endpoint.name)) upstreams.set(endpoint.name, endpoint)
    }
  }
  if (upstreams.size === 0) throw noUpstreams(options)
  return [...upstreams.values()]
}

/** The same as far as it can be known without asking for a host name. */
export const inspectUpstreams = async (
  options: ForwardOptions,
  scope: InspectScope,
): Promise<void> => {
  let isEmpty = true
  for (const to of options.to) {
    const isKnown = await scope.attempt(async () => {
      const place = await locate(to, options)
      if ('host' in place || place.endpoints.length > 0) isEmpty = false
    })
    if (!isKnown) isEmpty = false
  }
  if (isEmpty) await scope.attempt(() => Promise.reject(noUpstreams(options)))
}

/** Only files can be so empty. */
const noUpstreams = ({ to: [first] }: ForwardOptions): Error =>
  new ArgumentError('no valid upstream addresses found', first?.kind === 'place' ? first.text : '')

interface HostPlace {
  readonly host: string
  readonly port: number
  readonly protocol: To['protocol']
}

/** Endpoints where the text or a file says them, else the host name to ask for. */
const locate = async (
  to: To,
  { tlsServerName }: ForwardOptions,
): Promise<{ readonly endpoints: readonly Endpoint[] } | HostPlace> => {
  if (to.kind === 'address') {
    const serverName = isEncrypted(to) ? to.serverName || tlsServerName : ''
    return { endpoints: [makeEndpoint(to.protocol, to.address, to.port, serverName)] }
  }
  if (to.isFileAllowed && (await isFile(to.text)))
    return { endpoints: nameserversIn(to.text).map(server => makeEndpoint('dns', server, 53)) }
  const { host, port, protocol } = to
  if (host === undefined)
    throw new Error(`not an IP address, file, or valid domain: ${goQuote(to.text)}`)
  return { host, port, protocol }
}

const resolve = async (
  { host, port, protocol }: HostPlace,
  { tlsServerName, resolvers }: ForwardOptions,
): Promise<Endpoint[]> => {
  try {
    const addresses = await lookupHost(host, resolvers)
    // The certificate is checked for the name that the operator wrote, unless tls_servername says
    // otherwise.
    const name = host.replace(/\.$/, '')
    const serverName = isEncrypted({ protocol }) ? tlsServerName || name : ''
    const urlHost = protocol === 'https' ? name : ''
    return addresses.map(address => makeEndpoint(protocol, address, port, serverName, urlHost))
  } catch (error) {
    throw new Error(`failed to resolve "${host}": ${lookupErrorText(host, error)}`, {
      cause: error,
    })
  }
}
