// `bufsize [SIZE]`. Only the first occurrence counts, as in CoreDNS.

import type { CorefileError } from '../../corefile/diagnostic.ts'
import type { Directive } from '../../corefile/directive.ts'
import { argument } from '../../corefile/option-rows.ts'
import { type OptionTable, optionTable } from '../../corefile/option-table.ts'
import { integer } from '../../corefile/values.ts'

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
