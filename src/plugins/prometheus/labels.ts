// Label values of one server block, in the order in which both halves number them.

import type { BlockInfo } from '../../chain/block.ts'

/** Zones of the block, then `.` for what is in none of them. */
export const zoneLabels = (block: BlockInfo): readonly string[] => [
  ...new Set([...block.zones, '.']),
]

/**
 * CoreDNS since 1.14.0 names the plugin directly behind prometheus as writer of every reply; '' is
 * for queries that no plugin answered.
 */
export const pluginLabels = (block: BlockInfo): readonly string[] => {
  const behind = block.chain[block.chain.indexOf('prometheus') + 1]
  return behind === undefined ? [''] : ['', behind]
}
