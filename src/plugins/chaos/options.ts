// `chaos [VERSION] [AUTHORS...]`. Only the first occurrence counts, as in CoreDNS.

import { argument, argumentsOf } from '../../corefile/options/option-rows.ts'
import { OptionReader, type OptionTable } from '../../corefile/options/option-table.ts'
import { text } from '../../corefile/options/values.ts'

export interface ChaosOptions {
  /** Undefined: the name and version of this program. */
  readonly version: string | undefined
  readonly authors: readonly string[]
}

const reader = new OptionReader<ChaosOptions>({
  rows: {
    version: argument('VERSION', text('VERSION'), {
      unset: undefined,
      otherwise: 'the first line of -version',
      does: 'what version.bind and version.server are answered with',
    }),
    authors: argumentsOf('AUTHORS', '[AUTHORS...]', {
      start: (): string[] => ['the authors of shardns'],
      read: (words, before) => {
        const named = words.splice(0).map(word => word.text)
        return named.length > 0 ? [...new Set(named)] : before
      },
      otherwise: 'the authors of shardns',
      does: 'what authors.bind is answered with, a record for each',
    }),
  },
})

export const options: OptionTable<ChaosOptions> = {
  facts: reader.facts,
  parse(directive) {
    directive.next()
    const read = reader.start(directive)
    reader.readArguments(directive, read)
    if (directive.nextBlock())
      throw directive.unknownOption(`unknown property '${directive.val()}'`, [])
    return read
  },
}
