// The `autopath` directive: zones, and behind them where the search path comes from.

import { argumentsOf, requiredArgument } from '../../corefile/options/option-rows.ts'
import { type OptionTable, optionTable } from '../../corefile/options/option-table.ts'
import type { Value } from '../../corefile/options/values.ts'
import { zonesFromArgsOrBlock } from '../../corefile/words/zones.ts'

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

const searchSource: Value<SearchSource> = {
  word: 'RESOLV-CONF|@PLUGIN',
  range: '',
  read(word) {
    const { text } = word
    if (text === '@') throw word.plainErr("'@' names no plugin")
    return text.startsWith('@') ? { plugin: text.slice(1) } : { file: text }
  },
}

const source = requiredArgument('RESOLV-CONF', searchSource, {
  does: 'the file that has the search path, or the plugin that knows its clients',
  wrongCount: directive => directive.plainErr('no resolv-conf specified'),
})

export const options: OptionTable<AutopathOptions> = optionTable('last', {
  rows: { zones, source },
})
