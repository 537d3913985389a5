// `bind ADDRESS|IFACE... { except ADDRESS|IFACE... }`, any number of times.

import { argumentsOf, list } from '../../corefile/options/option-rows.ts'
import { eachOccurrence, type OptionTable } from '../../corefile/options/option-table.ts'
import { text } from '../../corefile/options/values.ts'
import { goQuote } from '../../corefile/words/strconv.ts'

/** One `bind` line: addresses and interface names, and what is excepted from them. */
export interface BindLine {
  readonly listen: readonly string[]
  readonly except: readonly string[]
}

export const options: OptionTable<BindLine[]> = eachOccurrence<BindLine, BindLine>(
  {
    rows: {
      listen: argumentsOf<string[]>('ADDRESS|IFACE', 'ADDRESS|IFACE...', {
        otherwise: 'all addresses',
        does: 'addresses and interfaces to listen on',
        start: () => [],
        read(left, _, directive) {
          if (left.length === 0)
            throw directive.plainErr('at least one address or interface name is expected')
          return left.splice(0).map(({ text }) => text)
        },
      }),
      except: list('except', text('ADDRESS|IFACE'), {
        replaces: true,
        does: 'addresses and interfaces to leave out of this line',
        wrongCount: directive =>
          directive.plainErr(
            'at least one address or interface must be given to except subdirective',
          ),
      }),
    },
    otherLine: (directive, known) =>
      directive.plainErr(`invalid option ${goQuote(directive.val())}`, directive.optionHelp(known)),
  },
  line => line,
)
