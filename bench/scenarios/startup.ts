// From the start of the process to its first answer over UDP: shardns from the built package and
// from its sources (as after their first change: nothing kept by Node's compile cache), and every
// peer.

import type { Bench, Outcome, Sample, Scenario } from '../bench.ts'
import { builtOf } from '../contestants/built.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { prepare } from '../contestants/start.ts'
import { untilFirstAnswer } from '../load/ask.ts'
import { present } from './casts.ts'

const ASK_EVERY_MS = 2
const LIMIT_MS = 10_000
const SECONDS_EACH = 1

const castOf = (bench: Bench): Contestant[] =>
  present(bench).filter(({ kind }) => kind === 'shardns' || kind === 'cache')

const measure = async (contestant: Contestant, bench: Bench): Promise<Sample> => {
  const ready = await prepare(contestant, bench)
  const began = performance.now()
  const child = ready.start()
  const limit = Promise.race([
    untilFirstAnswer(ready.port, began, ASK_EVERY_MS, LIMIT_MS),
    child.exited.then(() => undefined),
  ])
  const startMs = await limit
  const { isOver, complaint } = child
  await child.stop()
  if (startMs === undefined)
    throw new Error(isOver ? `it ended at once: ${complaint}` : 'it does not answer')
  return { startMs }
}

const run = async (bench: Bench): Promise<Outcome> => {
  const samples: Record<string, Sample[]> = {}
  const dropped: Record<string, string> = {}
  const notes: string[] = []
  const sources = castOf(bench)
  const cast = [...builtOf(sources, bench, notes), ...sources]
  const rounds = bench.options.rounds * 2
  for (let round = 0; round < rounds; round++) {
    for (const contestant of cast.filter(({ name }) => dropped[name] === undefined)) {
      bench.progress(`startup: round ${round + 1} of ${rounds}: ${contestant.name}`)
      try {
        const sample = await measure(contestant, bench)
        const known = (samples[contestant.name] ??= [])
        known.push({ round, ...sample })
      } catch (error) {
        dropped[contestant.name] = error instanceof Error ? error.message : String(error)
      }
    }
  }
  return { samples, dropped, notes }
}

export const startup: Scenario = {
  name: 'startup',
  title: 'From start to first answer, one thread',
  columns: ['startMs'],
  compared: 'startMs',
  isComparable: true,
  estimate: bench => 10 + castOf(bench).length * bench.options.rounds * 2 * SECONDS_EACH,
  run,
}
