// `bufsize [SIZE]`. Only the first occurrence counts, as in CoreDNS.

import type { CorefileError } from '../../corefile/diagnostics/diagnostic.ts'
import type { Directive } from '../../corefile/options/directive.ts'
import { argument } from '../../corefile/options/option-rows.ts'
import { type OptionTable, optionTable } from '../../corefile/options/option-table.ts'
import { integer } from '../../corefile/options/values.ts'

export interface BufsizeOptions {
  readonly sizeBytes: number
}

/** CoreDNS doubles the prefix here. */
const wrongSize = (directive: Directive): CorefileError =>
  directive.argErr().prefixed('plugin/bufsize: ')

export const options: OptionTable<BufsizeOptions> = optionTable('first', {
  rows: {
    sizeBytes: argument(
      'SIZE',
      integer({
        word: 'SIZE',
        least: 512,
        most: 4096,
        wrong: ({ directive }) => wrongSize(directive),
        outside: (_, { directive }) => wrongSize(directive),
      }),
      { default: '1232', does: 'largest UDP size in bytes that clients may advertise' },
    ),
  },
  wrongCount: wrongSize,
})
