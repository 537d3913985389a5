// loop takes no options: where it asks follows from its server block.

import { derived } from '../../corefile/options/option-rows.ts'
import { type OptionTable, optionTable } from '../../corefile/options/option-table.ts'

export interface LoopOptions {
  /** The first zone of the block: the probe asks below it. */
  readonly zone: string
}

export const options: OptionTable<LoopOptions> = optionTable('once', {
  rows: { zone: derived(({ blockZones }) => blockZones[0] ?? '.') },
})
