// Keys of server blocks to sites: transport, zone, port. CoreDNS's checks and texts; listeners and
// overlaps come later.

import { CorefileError } from './diagnostics/diagnostic.ts'
import { keyHint } from './diagnostics/hints.ts'
import type { Token } from './diagnostics/span.ts'
import type { ServerBlock } from './server-block.ts'
import { splitScheme, splitZoneAndPort, type Transport } from './words/zones.ts'

export interface Site {
  readonly transport: Transport
  /** Normalised. */
  readonly zone: string
  readonly port: number
  readonly key: Token
}

export interface InspectedBlock {
  readonly block: ServerBlock
  /**
   * In the order of the keys; a CIDR key may give several. Empty only if all keys were reported as
   * bad.
   */
  readonly sites: readonly Site[]
  /** Zones of the sites, in order. */
  readonly zones: readonly string[]
}

export interface KeyOptions {
  /** For dns keys without a port; an explicit port always wins. */
  readonly defaultPort: number
}

const DEFAULT_PORTS: Readonly<Record<Exclude<Transport, 'dns'>, number>> = {
  tls: 853,
  quic: 853,
  grpc: 443,
  https: 443,
  https3: 443,
}

const inspectKey = (key: Token, options: KeyOptions): Site[] => {
  const fail = (text: string): CorefileError =>
    new CorefileError(text, { code: 'key', span: key.span, hint: keyHint(key.text) })
  const { scheme, rest } = splitScheme(key.text)
  const split = splitZoneAndPort(rest)
  if ('error' in split) throw fail(`error inspecting server blocks: ${split.error}`)
  if (scheme === 'unix')
    throw fail(`error inspecting server blocks: unix:// cannot be served: ${key.text}`)
  const port = split.port ?? (scheme === 'dns' ? options.defaultPort : DEFAULT_PORTS[scheme])
  if (port < 0 || port > 65535) throw fail(`address ${port}: invalid port`)
  return split.zones.map(zone => ({ transport: scheme, zone, port, key }))
}

/**
 * Reads the keys of all blocks. `report` is called with an error for each bad key, which is then
 * left out. Without it the first error is thrown.
 */
export const inspectBlocks = (
  blocks: readonly ServerBlock[],
  options: KeyOptions,
  report?: (error: CorefileError) => void,
): InspectedBlock[] =>
  blocks.map(block => {
    const sites = block.keys.flatMap(key => {
      try {
        return inspectKey(key, options)
      } catch (error) {
        if (report === undefined || !(error instanceof CorefileError)) throw error
        report(error)
        return []
      }
    })
    return { block, sites, zones: sites.map(site => site.zone) }
  })
