// From the start of the process to its first answer over UDP: shardns from the built package and from its sources, and every peer.

import type { Bench, Outcome, Sample, Scenario } from '../bench.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { ENGINES, ROOT, shardns } from '../contestants/shardns.ts'
import { prepare } from '../contestants/start.ts'
import { installPackage } from '../host/package.ts'
import { untilFirstAnswer } from '../load/ask.ts'
import { present } from './casts.ts'

const ASK_EVERY_MS = 2
const LIMIT_MS = 10_000
const SECONDS_EACH = 1
export const BUILT = '-built'

const castOf = (bench: Bench): Contestant[] => present(bench).filter(({ kind }) => kind === 'shardns' || kind === 'cache')

/** The package beside the sources, in each engine that takes part. A comparison of revisions has other names, and no packages. */
const withBuilt = (bench: Bench, notes: string[]): Contestant[] => {
  const cast = castOf(bench)
  const engines = ENGINES.map(engine => ({ engine, name: engine === 'mmsg' ? 'shardns' : `shardns-${engine}` })).filter(
    ({ name }) => cast.some(contestant => contestant.name === name),
  )
  if (engines.length === 0) return cast
  try {
    bench.progress('startup: building the package')
    const root = installPackage(ROOT)
    const built = engines.map(({ engine, name }) => shardns({ name: `${name}${BUILT}`, engine, root, entry: 'dist/src/cli.js' }))
    return [...built, ...cast]
  } catch (error) {
    const { stderr, stdout } = error as { stderr?: string; stdout?: string }
    notes.push(`The package could not be built: ${(stderr || stdout || String(error)).split('\n')[0]}`)
    return cast
  }
}

const measure = async (contestant: Contestant, bench: Bench): Promise<Sample> => {
  const ready = await prepare(contestant, bench)
  const began = performance.now()
  const child = ready.start()
  const limit = Promise.race([untilFirstAnswer(ready.port, began, ASK_EVERY_MS, LIMIT_MS), child.exited.then(() => undefined)])
  const startMs = await limit
  const { isOver, complaint } = child
  await child.stop()
  if (startMs === undefined) throw new Error(isOver ? `it ended at once: ${complaint}` : 'it does not answer')
  return { startMs }
}

const run = async (bench: Bench): Promise<Outcome> => {
  const samples: Record<string, Sample[]> = {}
  const dropped: Record<string, string> = {}
  const notes: string[] = []
  const cast = withBuilt(bench, notes)
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
