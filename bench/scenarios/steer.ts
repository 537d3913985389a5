// One client socket and two shards: whether the kernel spreads what comes from one address over
// both.

import type { Bench, Scenario } from '../bench.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { inShape, shardnsOf } from './casts.ts'
import { interleave } from './interleave.ts'
import { exercise, type Load, measureLoad, warm } from './measure-load.ts'

const SETUP_SECONDS = 5

const castOf = (bench: Bench): Contestant[] => [
  ...inShape(shardnsOf(bench), '-2', { threads: 2 }),
  ...inShape(shardnsOf(bench), '-2-random', { threads: 2, args: ['--steer', 'random'] }),
]

export const steer: Scenario = {
  name: 'steer',
  title: 'One client socket, two shards, with and without --steer random',
  columns: ['imbalance', 'qps', 'lost', 'cpuUs', 'busy', 'p50Us', 'p99Us'],
  isComparable: true,
  estimate: bench =>
    castOf(bench).length * (SETUP_SECONDS + bench.options.rounds * bench.options.seconds),
  run: bench => {
    const load: Load = {
      file: bench.queries.hits(),
      args: ['-c', '1', '-q', '200'],
      seconds: bench.options.seconds,
    }
    return interleave(bench, {
      scenario: 'steer',
      cast: castOf(bench),
      rounds: bench.options.rounds,
      begin: async running => {
        await warm(bench, running, load.file, [])
        await exercise(bench, running, load)
      },
      measure: async running => {
        const { sample, cpu } = await measureLoad(bench, running, load)
        const [busiest = 0, other = 0] = cpu.workersUs
        return {
          ...sample,
          imbalance: busiest / Math.max(1, other),
          busiestUs: busiest,
          otherUs: other,
        }
      },
    })
  },
}
