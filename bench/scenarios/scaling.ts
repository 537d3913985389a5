// One shard and two, Unbound with one thread and two, under the same load.

import type { Bench, Scenario } from '../bench.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { LOAD_COLUMNS } from '../metrics.ts'
import { inShape, present } from './casts.ts'
import { interleave } from './interleave.ts'
import { exercise, type Load, measureLoad, warm } from './measure-load.ts'

const SETUP_SECONDS = 4
/** Many, so that the kernel's choice of a socket by address spreads them evenly. */
const CLIENTS = ['-c', '64', '-q', '200']

const castOf = (bench: Bench): Contestant[] =>
  present(bench)
    .filter(({ variant }) => variant !== undefined)
    .flatMap(contestant => [contestant, ...inShape([contestant], '-2', { threads: 2 })])

export const scaling: Scenario = {
  name: 'scaling',
  title: 'One shard and two',
  columns: LOAD_COLUMNS,
  compared: 'cpuUs',
  baselineOf: name => name.replace(/-2$/, ''),
  isComparable: true,
  estimate: bench =>
    castOf(bench).length * (SETUP_SECONDS + bench.options.rounds * bench.options.seconds),
  run: bench => {
    const load: Load = { file: bench.queries.hits(), args: CLIENTS, seconds: bench.options.seconds }
    const cpus = bench.pins.all.length
    const note = `${cpus} CPUs: the second thread of a server shares its CPU with dnsperf, so q/s says little here; CPU µs/q does.`
    return interleave(bench, {
      scenario: 'scaling',
      cast: castOf(bench),
      rounds: bench.options.rounds,
      notes: cpus < 3 ? [note] : [],
      begin: async running => {
        await warm(bench, running, load.file, [])
        await exercise(bench, running, load)
      },
      measure: async (running, round) => {
        if (round > 0) await warm(bench, running, load.file, [])
        return (await measureLoad(bench, running, load)).sample
      },
    })
  },
}
