// `loadbalance [round_robin] { prefer CIDR... }` and `loadbalance weighted WEIGHTFILE { reload
// DURATION }`: the policy says what the block may hold.

import { parseCidr } from '../../base/ip.ts'
import type { Directive } from '../../corefile/options/directive.ts'
import { argumentFacts, list, option } from '../../corefile/options/option-rows.ts'
import { OptionReader, type OptionTable } from '../../corefile/options/option-table.ts'
import { checked, duration } from '../../corefile/options/values.ts'
import { goQuote } from '../../corefile/words/strconv.ts'

export interface WeightFileOptions {
  /** As given; relative paths are under `root`. */
  readonly file: string
  /** Time between two looks at the file; 0 for never again. */
  readonly reloadMs: number
}

export interface LoadbalanceOptions {
  /** Undefined: round_robin. */
  readonly weighted: WeightFileOptions | undefined
  /** Subnets whose addresses come first, the most preferred first. */
  readonly prefer: readonly string[]
}

const roundRobin = new OptionReader<{ prefer: string[] }>({
  rows: {
    prefer: list(
      'prefer',
      checked(
        'CIDR',
        text => parseCidr(text) !== undefined,
        word => word.err(`invalid CIDR ${goQuote(word.text)}: invalid CIDR address: ${word.text}`),
      ),
      { least: 0, does: 'with round_robin: subnets whose addresses come first, in this order' },
    ),
  },
})

const weighted = new OptionReader<{ reloadMs: number }>({
  rows: {
    reloadMs: option(
      'reload',
      duration({
        least: 0,
        wrong: word => word.err(`invalid reload duration '${word.text}'`),
        outside: (_, word) => word.err(`invalid reload duration '${word.text}'`),
      }),
      {
        default: '30s',
        does: 'with weighted: time between two looks at the file, 0s for one look',
        wrongCount: (directive, words) =>
          directive.err(
            words.length === 0 ? 'reload duration value is missing' : 'unexpected argument',
          ),
      },
    ),
  },
})

const readWeighted = (directive: Directive, [file, ...more]: string[]): WeightFileOptions => {
  if (file === undefined) throw directive.err('missing weight file argument')
  if (more.length > 0) throw directive.err('unexpected argument(s)')
  const draft = weighted.start(directive)
  weighted.readBlock(directive, draft)
  return { file, ...draft }
}

export const options: OptionTable<LoadbalanceOptions> = {
  facts: [
    argumentFacts('round_robin', '[round_robin]', {
      does: 'shuffle addresses, and mail exchangers: the policy if none is named',
    }),
    argumentFacts('weighted', '[weighted WEIGHTFILE]', {
      does: 'put one address first, at random by the weights of a file',
    }),
    ...roundRobin.facts,
    ...weighted.facts,
  ],
  /** A directive that is given again replaces the policy of the one before; prefer adds up. */
  parse(directive) {
    let file: WeightFileOptions | undefined
    let draft = roundRobin.start(directive)
    while (directive.next()) {
      const [policy = 'round_robin', ...args] = directive.remainingArgs()
      if (policy === 'weighted') {
        file = readWeighted(directive, args)
        draft = roundRobin.start(directive)
      } else if (policy === 'round_robin') {
        if (args.length > 0) throw directive.err(`unknown property for ${policy}`)
        file = undefined
        roundRobin.readBlock(directive, draft)
      } else {
        throw directive.plainErr(`unknown policy: ${policy}`)
      }
    }
    return { weighted: file, ...draft }
  },
}
