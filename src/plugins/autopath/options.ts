// The `autopath` directive: zones, and behind them where the search path comes from.

import { argumentsOf } from '../../corefile/option-rows.ts'
import { finishedTable, type OptionTable } from '../../corefile/option-table.ts'
import { zonesFromArgsOrBlock } from '../../corefile/zones.ts'

/** A file like resolv.conf(5), or a plugin that knows its clients. */
export type SearchSource = { readonly file: string } | { readonly plugin: string }

export interface AutopathOptions {
  /** Whose names are looked for along the path. */
  readonly zones: readonly string[]
  readonly source: SearchSource
}

const zones = argumentsOf<readonly string[]>('ZONES', '[ZONES...]', {
  does: 'zones whose names are looked for along the path',
  otherwise: 'those of the server block',
  start: ({ blockZones }) => blockZones,
  read: (left, _, { blockZones }) =>
    zonesFromArgsOrBlock(
      left.splice(0, left.length - 1).map(({ text }) => text),
      blockZones,
    ),
})

const source = argumentsOf<SearchSource | undefined>('RESOLV-CONF', 'RESOLV-CONF|@PLUGIN', {
  does: 'the file that has the search path, or the plugin that knows its clients',
  start: () => undefined,
  read(left, _, directive) {
    const word = left.shift()
    if (word === undefined) throw directive.plainErr('no resolv-conf specified')
    if (word.text === '@') throw word.plainErr("'@' names no plugin")
    return word.text.startsWith('@') ? { plugin: word.text.slice(1) } : { file: word.text }
  },
})

export const options: OptionTable<AutopathOptions> = finishedTable(
  'last',
  { rows: { zones, source } },
  (read, directive) => {
    if (read.source === undefined) throw directive.plainErr('no resolv-conf specified')
    return { zones: read.zones, source: read.source }
  },
)
