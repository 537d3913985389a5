// Scenarios that are one load on many servers: they differ in what is asked and how.

import type { Bench, Scenario } from '../bench.ts'
import type { Contestant, Kind } from '../contestants/contestant.ts'
import type { Running } from '../contestants/start.ts'
import type { QuerySet } from '../load/queries.ts'
import { LOAD_COLUMNS } from '../metrics.ts'
import { interleave } from './interleave.ts'
import { exercise, type Load, measureLoad, WARM_SECONDS, warm } from './measure-load.ts'

export interface LoadSpec {
  readonly name: string
  readonly title: string
  readonly kinds: readonly Kind[]
  readonly queries: QuerySet
  /** Clients, outstanding queries, transport. */
  readonly clients: readonly string[]
  /** What each query has besides: the cache is filled with the same. */
  readonly flags?: readonly string[]
  /** Instead of all contestants of the kinds. */
  readonly cast?: (all: readonly Contestant[]) => Contestant[]
}

/**
 * More than any server here does in a second: the file may end before the time, never the other way
 * round.
 */
const MISSES_PER_SECOND = 200_000
const ZIPF_PER_SECOND = 300_000
/** Filling the cache and starting dnsperf, per measurement. */
const OVERHEAD_SECONDS = 0.7
const START_SECONDS = 4
const SETTLED_SECONDS = 5

export const castOf = ({ kinds, cast }: LoadSpec, bench: Bench): Contestant[] =>
  (
    cast?.([...bench.contestants]) ?? bench.contestants.filter(({ kind }) => kinds.includes(kind))
  ).filter(({ absent }) => absent === undefined)

export const loadScenario = (spec: LoadSpec): Scenario => ({
  name: spec.name,
  title: spec.title,
  columns: LOAD_COLUMNS,
  compared: 'cpuUs',
  isComparable: true,
  estimate: bench => {
    const { starts, rounds, seconds } = bench.options
    const each = START_SECONDS + rounds * (seconds + OVERHEAD_SECONDS)
    return starts * (SETTLED_SECONDS + castOf(spec, bench).length * each)
  },
  run: bench =>
    interleave(bench, {
      scenario: spec.name,
      cast: castOf(spec, bench),
      rounds: bench.options.rounds,
      starts: bench.options.starts,
      begin: async running => {
        await fill(bench, running, spec)
        await exercise(bench, running, loadOf(bench, spec, 'warm', WARM_SECONDS))
      },
      measure: async (running, round) => {
        await fill(bench, running, spec)
        const load = loadOf(bench, spec, `r${round}`, bench.options.seconds)
        return (await measureLoad(bench, running, load)).sample
      },
    }),
})

/** Nothing for names that are asked only once. */
const fill = async (
  bench: Bench,
  running: Running,
  { queries, flags = [] }: LoadSpec,
): Promise<void> => {
  if (queries === 'nxdomain') await warm(bench, running, bench.queries.nxdomain(), flags)
  else if (queries !== 'misses') await warm(bench, running, bench.queries.hits(), flags)
}

const loadOf = (
  bench: Bench,
  { queries, clients, flags = [] }: LoadSpec,
  tag: string,
  seconds: number,
): Load => {
  const common = { args: [...clients, ...flags], seconds }
  if (queries === 'hits') return { ...common, file: bench.queries.hits() }
  if (queries === 'nxdomain')
    return { ...common, file: bench.queries.nxdomain(), rcode: 'NXDOMAIN' }
  if (queries === 'zipf')
    return {
      ...common,
      file: bench.queries.zipf(tag, Math.ceil(seconds * ZIPF_PER_SECOND)),
      runs: 1,
    }
  return {
    ...common,
    file: bench.queries.misses(tag, Math.ceil(seconds * MISSES_PER_SECOND)),
    runs: 1,
  }
}
