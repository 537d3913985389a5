// What every scenario works with, and what it gives back.

import type { Contestant } from './contestants/contestant.ts'
import type { Site } from './contestants/start.ts'
import type { QueryFiles } from './load/queries.ts'
import type { Options } from './options.ts'

export interface Bench extends Site {
  readonly options: Options
  readonly queries: QueryFiles
  readonly contestants: readonly Contestant[]
  /** The contestant whose figures another's are divided by; undefined for none. */
  readonly baselineOf: (name: string) => string | undefined
  /** Shows what is being done. */
  readonly progress: (text: string) => void
}

/** What one measurement gave: numbers by the names in metrics.ts. */
export type Sample = Readonly<Record<string, number>>

export interface Outcome {
  /** By contestant, in order; `round` in each sample counts from 0. */
  readonly samples: Readonly<Record<string, readonly Sample[]>>
  /** Contestants that were left out, with the reason. */
  readonly dropped: Readonly<Record<string, string>>
  readonly notes: readonly string[]
}

export interface Scenario {
  readonly name: string
  readonly title: string
  /** Metrics to show. */
  readonly columns: readonly string[]
  /** The metric that is divided by the baseline's, round by round. */
  readonly compared?: string
  /** Instead of the usual baseline, when peers are measured. */
  readonly baselineOf?: (name: string) => string | undefined
  /** Whether it makes sense with two revisions of shardns and nobody else. */
  readonly isComparable: boolean
  /** Seconds that it will take. */
  estimate(bench: Bench): number
  run(bench: Bench): Promise<Outcome>
}
