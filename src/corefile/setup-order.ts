// From server blocks to what plugins parse, in the order in which CoreDNS sets them up: errors
// surface in that order.

import { Directive } from './directive.ts'
import type { InspectedBlock } from './keys.ts'
import { DIRECTIVES } from './order.ts'
import type { ServerBlock } from './server-block.ts'

/**
 * All occurrences of one directive in a block; undefined if there are none. `zones` are the
 * block's, normalised.
 */
export const directiveOf = (
  block: ServerBlock,
  name: string,
  zones: readonly string[],
): Directive | undefined => {
  const tokens = block.directives.get(name)
  const occurrences = block.occurrences.get(name)
  if (tokens === undefined || occurrences === undefined) return undefined
  const blockKeys = block.keys.map(key => key.text)
  return new Directive({
    name,
    tokens,
    occurrences,
    file: block.file,
    blockZones: zones,
    blockKeys,
  })
}

export interface SetupStep {
  /** Index of the block in the Corefile. */
  readonly blockIndex: number
  readonly directive: Directive
}

/**
 * Directive after directive in chain order, and for each the blocks in file order. Directives are
 * made as they are asked for.
 */
export function* directivesInSetupOrder(blocks: readonly InspectedBlock[]): Generator<SetupStep> {
  for (const name of DIRECTIVES) {
    for (const [blockIndex, { block, zones }] of blocks.entries()) {
      const directive = directiveOf(block, name, zones)
      if (directive !== undefined) yield { blockIndex, directive }
    }
  }
}
