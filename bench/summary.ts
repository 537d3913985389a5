// From raw rounds to figures: medians, and ratios to the baseline taken round by round.

import type { Outcome, Sample } from './bench.ts'
import { type Spread, spread } from './measure/stats.ts'

export const samplesOf = (outcome: Outcome | undefined, contestant: string): readonly Sample[] =>
  outcome?.samples[contestant] ?? []

export const metricSpread = (
  outcome: Outcome | undefined,
  contestant: string,
  metric: string,
): Spread | undefined =>
  spread(
    samplesOf(outcome, contestant).flatMap(sample =>
      sample[metric] === undefined ? [] : [sample[metric]],
    ),
  )

/**
 * Of one contestant's metric over another's, in the rounds that both have. The other may come from
 * another scenario.
 */
export const ratioSpread = (
  metric: string,
  [outcome, contestant]: readonly [Outcome | undefined, string],
  [otherOutcome, other]: readonly [Outcome | undefined, string],
): Spread | undefined => {
  const others = new Map(samplesOf(otherOutcome, other).map(sample => [sample.round, sample]))
  return spread(
    samplesOf(outcome, contestant).flatMap(sample => {
      const ratio =
        (sample[metric] ?? Number.NaN) / (others.get(sample.round ?? -1)?.[metric] ?? Number.NaN)
      return Number.isFinite(ratio) ? [ratio] : []
    }),
  )
}
