// The Corefile syntax of erratic.

import { flag, words } from '../../corefile/options/option-rows.ts'
import { finishedTable, type OptionTable } from '../../corefile/options/option-table.ts'
import { duration, integer } from '../../corefile/options/values.ts'
import { goParseIntError, goQuote } from '../../corefile/words/strconv.ts'

/** Amounts: one of so many queries; 0 for none. */
export interface ErraticOptions {
  readonly drop: number
  readonly truncate: number
  readonly delay: number
  readonly delayMs: number
  readonly isLarge: boolean
}

interface Read extends Pick<ErraticOptions, 'truncate' | 'isLarge'> {
  /** Undefined: no line has said it. */
  readonly drop: number | undefined
  readonly delay: Pick<ErraticOptions, 'delay' | 'delayMs'>
}

const AMOUNT = 2
const DELAY_MS = 100

const amount = integer({
  least: 0,
  most: 2 ** 31 - 1,
  wrong: word => word.plainErr(goParseIntError(word.text)),
  outside: (value, word) =>
    word.plainErr(
      value < 0 ? `illegal amount value given ${goQuote(word.text)}` : goParseIntError(word.text),
    ),
})
const delayTime = duration()

export const options: OptionTable<ErraticOptions> = finishedTable<Read, ErraticOptions>(
  'added',
  {
    rows: {
      drop: words('drop', '[AMOUNT]', {
        most: 1,
        start: (): number | undefined => undefined,
        read: ([word], before) => (word === undefined ? before : amount.read(word)),
        otherwise: '2, and 0 with delay or truncate',
        does: 'one of AMOUNT queries is not answered, 0 for none',
      }),
      truncate: words('truncate', '[AMOUNT]', {
        most: 1,
        start: () => 0,
        read: ([word]) => (word === undefined ? AMOUNT : amount.read(word)),
        does: 'one of AMOUNT replies is truncated, 2 without a number',
      }),
      delay: words('delay', '[AMOUNT [DURATION]]', {
        most: 2,
        start: () => ({ delay: 0, delayMs: DELAY_MS }),
        read: ([count, time]) => ({
          delay: count === undefined ? AMOUNT : amount.read(count),
          delayMs: time === undefined ? DELAY_MS : delayTime.read(time),
        }),
        does: 'one of AMOUNT replies is late by DURATION, 2 and 100ms without them',
      }),
      isLarge: flag('large', { surplus: 'next-line', does: 'answer A with 30 records' }),
    },
  },
  ({ drop, truncate, delay, isLarge }) => ({
    drop: drop ?? (truncate > 0 || delay.delay > 0 ? 0 : AMOUNT),
    truncate,
    ...delay,
    isLarge,
  }),
)
