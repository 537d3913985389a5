// Memory with 10,000 entries, and after a load: it must not grow. shardns runs with two shards and
// gets a long load, peers a short one.

import type { Bench, Sample, Scenario } from '../bench.ts'
import { builtOf } from '../contestants/built.ts'
import type { Contestant } from '../contestants/contestant.ts'
import type { Running } from '../contestants/start.ts'
import { NAMES } from '../load/queries.ts'
import { readMemory } from '../measure/memory.ts'
import { inShape, present, shardnsOf } from './casts.ts'
import { interleave } from './interleave.ts'
import { USUAL_CLIENTS } from './loads.ts'
import { perf, warm } from './measure-load.ts'

/** Of the slowest: for the estimate only. */
const QUERIES_PER_SECOND = 100_000
/** Of the file of 10,000 names, per run of dnsperf. */
const PIECE_RUNS = 200
/** Servers give memory back some seconds after they needed it. */
const SETTLE_MS = 6000
export const TWO_SHARDS = '-2'

/** `built` are packages of shardns, beside its sources. */
const castOf = (bench: Bench, built: readonly Contestant[]): Contestant[] => [
  ...inShape([...built, ...shardnsOf(bench)], TWO_SHARDS, { threads: 2 }),
  ...present(bench).filter(({ kind }) => kind === 'cache'),
]

/** The load in pieces, so that no output of dnsperf gets large. Returns how many were answered. */
const flood = async (bench: Bench, running: Running, count: number): Promise<number> => {
  let done = 0
  for (let left = Math.ceil(count / NAMES); left > 0; left -= PIECE_RUNS) {
    bench.progress(
      `memory: ${running.contestant.name}: ${(done / 1e6).toFixed(1)} of ${count / 1e6} million queries`,
    )
    const runs = Math.min(left, PIECE_RUNS)
    const { completed } = await perf(bench, running, {
      file: bench.queries.addresses(),
      args: USUAL_CLIENTS,
      runs,
    })
    if (completed === 0) throw new Error('it answers no more')
    done += completed
  }
  return done
}

const measure = async (bench: Bench, running: Running): Promise<Sample> => {
  await new Promise(resolve => setTimeout(resolve, SETTLE_MS))
  const { rssMiB: filledMiB } = readMemory(running.pid)
  const isOurs = running.contestant.kind === 'shardns'
  const load = {
    file: bench.queries.addresses(),
    args: USUAL_CLIENTS,
    seconds: bench.options.seconds,
  }
  const queries = isOurs
    ? await flood(bench, running, bench.options.memoryQueries)
    : (await perf(bench, running, load)).completed
  await new Promise(resolve => setTimeout(resolve, SETTLE_MS))
  const { rssMiB: afterMiB, peakMiB } = readMemory(running.pid)
  return { filledMiB, afterMiB, grownMiB: afterMiB - filledMiB, peakMiB, queries }
}

export const memory: Scenario = {
  name: 'memory',
  title: 'Memory with 10,000 entries; shardns with two shards',
  columns: ['filledMiB', 'afterMiB', 'grownMiB', 'peakMiB', 'queries'],
  compared: 'filledMiB',
  isComparable: true,
  estimate: bench =>
    castOf(bench, shardnsOf(bench)).length * (4 + bench.options.seconds) +
    (2 * shardnsOf(bench).length * bench.options.memoryQueries) / QUERIES_PER_SECOND,
  run: bench => {
    const notes: string[] = []
    return interleave(bench, {
      scenario: 'memory',
      cast: castOf(bench, builtOf(shardnsOf(bench), bench, notes)),
      rounds: 1,
      notes,
      begin: running => warm(bench, running, bench.queries.addresses(), []),
      measure: running => measure(bench, running),
    })
  },
}
