// nsid: tells clients that ask for it which server has answered (RFC 5001). `nsid [DATA]`, once per
// server block.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { argumentsOf } from '../../corefile/options/option-rows.ts'
import { type OptionTable, optionTable } from '../../corefile/options/option-table.ts'

interface NsidOptions {
  readonly data: readonly string[]
}

const options: OptionTable<NsidOptions> = optionTable('once', {
  rows: {
    data: argumentsOf('DATA', '[DATA...]', {
      start: (): string[] => [],
      read: words => words.splice(0).map(({ text }) => text),
      otherwise: 'the name of the machine',
      does: 'what the server calls itself; several words are joined by blanks',
    }),
  },
})

export const nsid: Plugin<NsidOptions> = {
  name: 'nsid',
  options,
  serve: () => import('./serve.ts'),
}
