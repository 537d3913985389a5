// Label values of one server block, in the order in which both halves number them.

import type { BlockInfo } from '../../chain/block.ts'

/** Directives that set something up and never stand in the chain. */
const NOT_IN_CHAIN: ReadonlySet<string> = new Set([
  ...[
    'root',
    'proxyproto',
    'quic',
    'grpc_server',
    'https',
    'https3',
    'timeouts',
    'multisocket',
    'reload',
    'bind',
    'debug',
  ],
  ...['ready', 'health', 'pprof', 'tls', 'on', 'sign'],
])

/** Plugins in the block's chain, in order. */
export const chainOf = (block: BlockInfo): readonly string[] =>
  block.directives.filter(name => !NOT_IN_CHAIN.has(name))

/** Zones of the block, then `.` for what is in none of them. */
export const zoneLabels = (block: BlockInfo): readonly string[] => [
  ...new Set([...block.zones, '.']),
]

/**
 * CoreDNS since 1.14.0 names the plugin directly behind prometheus as writer of every reply; '' is
 * for queries that nobody answered.
 */
export function pluginLabels(block: BlockInfo): readonly string[] {
  const chain = chainOf(block)
  const behind = chain[chain.indexOf('prometheus') + 1]
  return behind === undefined ? [''] : ['', behind]
}
