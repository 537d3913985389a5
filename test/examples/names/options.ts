// `names ADDRESS NAMES...`, once per server block.

import { isIPv4 } from 'node:net'
import { argumentsOf, requiredArgument } from '../../../src/corefile/option-rows.ts'
import { type OptionTable, optionTable } from '../../../src/corefile/option-table.ts'
import { checked, parsed } from '../../../src/corefile/values.ts'
import { foldName, nameFromText, nameToText } from '../../../src/wire/name.ts'

export interface NamesOptions {
  readonly address: string
  /** In lower case, with a dot at the end. */
  readonly names: readonly string[]
}

const ipv4 = checked('ADDRESS', isIPv4, word => word.err(`'${word.text}' is no IPv4 address`))

const normalised = (text: string): string | undefined => {
  const wire = nameFromText(text)
  return wire && nameToText(foldName(wire))
}

const domain = parsed('NAME', normalised, word => word.err(`'${word.text}' is no name`))

export const options: OptionTable<NamesOptions> = optionTable('once', {
  rows: {
    address: requiredArgument('ADDRESS', ipv4, { does: 'the address of all names' }),
    names: argumentsOf<readonly string[]>('NAMES', 'NAMES...', {
      does: 'names that are answered',
      start: () => [],
      read(left, _, directive) {
        if (left.length === 0) throw directive.argErr()
        return left.splice(0).map(word => domain.read(word))
      },
    }),
  },
})
