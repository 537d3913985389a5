// From the start of the process to its first answer over UDP: shardns from the built package and
// from a checkout, and every peer; and the same with the CPU and memory of a small pod.
//
// What shardns keeps of its compiled code at its first start it has at all later ones: these are
// what counts, and the first stands beside them.

import type { Bench, Outcome, Sample, Scenario } from '../bench.ts'
import { builtOf, checkout } from '../contestants/built.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { type Limits, openLimits } from '../host/limits.ts'
import { type FirstAnswer, firstAnswer } from '../measure/first-answer.ts'
import { present } from './casts.ts'
import { inTurns } from './turns.ts'

const SECONDS_EACH = 0.8
/** Long enough to keep what was compiled. */
const KEEP_MS = 2000
/** Of the usual chart for cluster DNS. */
const POD: Limits = { cpus: 0.1, memoryMiB: 128 }
const POD_SECONDS = 4
const POD_LIMIT_MS = 60_000
const POD_KEEP_MS = 6000

const castOf = (bench: Bench): Contestant[] =>
  present(bench).filter(({ kind }) => kind === 'shardns' || kind === 'cache')

/** The checkout stands for the sources of engine mmsg; those of the other engine say no more. */
const withBuilt = (bench: Bench, notes: string[]): Contestant[] => {
  const cast = castOf(bench)
  const [sources] = cast.filter(({ name }) => name === 'shardns')
  return [
    ...builtOf(cast, bench, notes),
    ...(sources === undefined ? [] : [checkout(sources.name)]),
    ...cast.filter(({ kind }) => kind !== 'shardns'),
  ]
}

const run = async (bench: Bench): Promise<Outcome> => {
  const notes: string[] = []
  const firsts = new Map<string, number>()
  const turns = withBuilt(bench, notes).map(contestant => ({
    name: contestant.name,
    measure: async (round: number): Promise<Sample> => {
      const { name, kind } = contestant
      if (round === 0 && kind === 'shardns')
        firsts.set(name, (await firstAnswer(contestant, bench, {}, KEEP_MS)).startMs)
      const firstMs = round === 0 ? firsts.get(name) : undefined
      const measured = await firstAnswer(contestant, bench)
      return { ...measured, ...(firstMs === undefined ? {} : { firstMs }) }
    },
  }))
  const outcome = await inTurns(bench, 'start', bench.options.rounds * 2, turns)
  return { ...outcome, notes }
}

/** `--compare` has two checkouts, started as they stand. */
const runCompared = (bench: Bench): Promise<Outcome> =>
  inTurns(
    bench,
    'start',
    bench.options.rounds * 2,
    castOf(bench).map(contestant => ({
      name: contestant.name,
      measure: async () => ({ ...(await firstAnswer(contestant, bench)) }),
    })),
  )

export const start: Scenario = {
  name: 'start',
  title: 'From start to first answer, one thread',
  columns: ['startMs', 'startCpuMs', 'firstMs'],
  compared: 'startMs',
  isComparable: true,
  estimate: bench => 15 + castOf(bench).length * bench.options.rounds * 2 * SECONDS_EACH,
  run: bench => (bench.options.compare === undefined ? run(bench) : runCompared(bench)),
}

const runLimited = async (bench: Bench): Promise<Outcome> => {
  const notes: string[] = []
  try {
    openLimits(POD).close()
  } catch (error) {
    notes.push(`Not measured: ${(error as Error).message}.`)
    return { samples: {}, dropped: {}, notes }
  }
  const cast = withBuilt(bench, notes).filter(({ name }) => name !== 'shardns')
  const ask = async (contestant: Contestant, stayMs: number): Promise<FirstAnswer> => {
    const group = openLimits(POD)
    try {
      const asked = { limitMs: POD_LIMIT_MS, settings: { inside: group.inside } }
      return await firstAnswer(contestant, bench, asked, stayMs)
    } finally {
      group.close()
    }
  }
  const turns = cast.map(contestant => ({
    name: contestant.name,
    measure: async (round: number): Promise<Sample> => {
      if (round > 0 || contestant.kind !== 'shardns') return { ...(await ask(contestant, 0)) }
      // With a tenth of a CPU, what is kept is written late.
      const { startMs: firstMs } = await ask(contestant, POD_KEEP_MS)
      return { ...(await ask(contestant, 0)), firstMs }
    },
  }))
  const outcome = await inTurns(bench, 'start-limited', bench.options.rounds, turns)
  return { ...outcome, notes }
}

export const startLimited: Scenario = {
  name: 'start-limited',
  title: 'From start to first answer with a tenth of a CPU and 128 MiB, one thread',
  columns: ['startMs', 'startCpuMs', 'firstMs'],
  compared: 'startMs',
  isComparable: false,
  estimate: bench => 15 + castOf(bench).length * bench.options.rounds * (POD_SECONDS / 2),
  run: runLimited,
}
