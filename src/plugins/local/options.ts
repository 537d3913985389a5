// The Corefile syntax of local.

import { option } from '../../corefile/options/option-rows.ts'
import { finishedTable, type OptionTable } from '../../corefile/options/option-table.ts'
import { oneOf } from '../../corefile/options/values.ts'
import { goQuote } from '../../corefile/words/strconv.ts'

export interface LocalOptions {
  /** Whether names that begin with `localhost` are answered. */
  readonly hasPrefix: boolean
}

const onOrOff = oneOf(['on', 'off'], word =>
  word.err(`localhost_prefix expects 'on' or 'off', got ${goQuote(word.text)}`),
)

export const options: OptionTable<LocalOptions> = finishedTable(
  'added',
  {
    rows: {
      prefix: option('localhost_prefix', onOrOff, {
        default: 'on',
        does: 'answer names that begin with localhost, which search paths make',
      }),
    },
  },
  ({ prefix }) => ({ hasPrefix: prefix === 'on' }),
)
