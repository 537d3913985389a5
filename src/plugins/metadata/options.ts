// `metadata [ZONES…]`, once per server block.

import { zonesArgument } from '../../corefile/options/option-rows.ts'
import { finishedTable, type OptionTable } from '../../corefile/options/option-table.ts'

export interface MetadataOptions {
  /** Normalised. */
  readonly zones: readonly string[]
}

export const options: OptionTable<MetadataOptions> = finishedTable(
  'first',
  { rows: { zones: zonesArgument('names whose queries plugins are asked about') } },
  (read, directive) => {
    // What follows: a block, or the directive once more.
    if (directive.nextBlock() || directive.next()) throw directive.argErr()
    return read
  },
)
