// The command line of the campaign.

import { parseArgs } from 'node:util'

export interface Options {
  /** Names of rows or bars; none is all. */
  readonly only: readonly string[]
  readonly seed: number
  /** Multiplies counts and times. */
  readonly scale: number
  /** The small form that `npm test` runs. */
  readonly isShort: boolean
  readonly write: boolean
  /** Puts what was tried in place of what docs/trust.md says of it. */
  readonly update: boolean
  readonly list: boolean
  readonly help: boolean
}

export const USAGE = `Usage: npm run trust [-- OPTION ...]

  --only NAME,...  these rows only, by name or bar (R-27b); docs/trust.md is left alone unless --update
  --seed N         seed of everything that is drawn (default 1)
  --scale N        counts and times, as a multiple (default 1)
  --short          the small form that npm test runs
  --update         with --only: these rows are put in place of what docs/trust.md says of them
  --no-write       leave docs/trust.md alone
  --list           the rows and their bars
  --help           this text
`

const number = (name: string, text: string, isPositive: boolean): number => {
  const value = Number(text)
  if (Number.isFinite(value) && (isPositive ? value > 0 : Number.isInteger(value) && value >= 0))
    return value
  throw new Error(
    `--${name}: expected a ${isPositive ? 'positive' : 'whole'} number, not '${text}'`,
  )
}

/** Throws with what is wrong. */
export const readOptions = (argv: readonly string[]): Options => {
  const { values } = parseArgs({
    args: [...argv],
    allowNegative: true,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string', default: '1' },
      scale: { type: 'string', default: '1' },
      short: { type: 'boolean', default: false },
      write: { type: 'boolean', default: true },
      update: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const only = values.only.flatMap(names => names.split(','))
  return {
    only,
    seed: number('seed', values.seed, false),
    scale: number('scale', values.scale, true),
    isShort: values.short,
    write: values.write && only.length === 0 && !values.short,
    update: values.update && only.length > 0 && !values.short,
    list: values.list,
    help: values.help,
  }
}
