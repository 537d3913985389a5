// Latency at half of the load that the slower of shardns and the baseline can take: the same rate
// for all.

import type { Bench, Scenario } from '../bench.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { median } from '../measure/stats.ts'
import { present, shardnsOf } from './casts.ts'
import { interleave } from './interleave.ts'
import { USUAL_CLIENTS } from './loads.ts'
import { exercise, type Load, measureLoad, warm } from './measure-load.ts'

const SETUP_SECONDS = 5
const SHARE = 0.5

const castOf = (bench: Bench): Contestant[] => {
  const ours = shardnsOf(bench)
  const baselines = new Set(ours.map(({ name }) => bench.baselineOf(name)))
  return present(bench).filter(
    contestant => ours.includes(contestant) || baselines.has(contestant.name),
  )
}

/**
 * The dgram engine does not set the pace where mmsg is there: its own latency is then measured
 * nearer to its saturation.
 */
const slowest = (saturations: ReadonlyMap<Contestant, number>): number => {
  const isDgram = ({ name }: Contestant): boolean => name.endsWith('-dgram')
  const hasMmsg = [...saturations.keys()].some(
    contestant => contestant.kind === 'shardns' && !isDgram(contestant),
  )
  return Math.min(
    ...[...saturations]
      .filter(([contestant]) => !hasMmsg || !isDgram(contestant))
      .map(([, qps]) => qps),
  )
}

export const latency: Scenario = {
  name: 'latency',
  title: 'Latency of hits at half the load that saturates the slower',
  columns: ['rate', 'qps', 'lost', 'p50Us', 'p99Us', 'p999Us', 'cpuUs', 'busy'],
  compared: 'p99Us',
  isComparable: true,
  estimate: bench =>
    castOf(bench).length * (SETUP_SECONDS + (bench.options.rounds + 1) * bench.options.seconds),
  run: bench => {
    const { seconds, rounds } = bench.options
    const load: Load = { file: bench.queries.hits(), args: USUAL_CLIENTS, seconds }
    const saturations = new Map<Contestant, number>()
    return interleave(bench, {
      scenario: 'latency',
      cast: castOf(bench),
      rounds,
      begin: async running => {
        await warm(bench, running, load.file, [])
        await exercise(bench, running, load)
        const runs: number[] = []
        for (let n = 0; n < 3; n++) {
          const { sample } = await measureLoad(bench, running, { ...load, seconds: seconds / 3 })
          runs.push(sample.qps ?? 0)
        }
        saturations.set(running.contestant, median(runs))
      },
      measure: async running => {
        const rate = Math.round(slowest(saturations) * SHARE)
        const { sample } = await measureLoad(bench, running, { ...load, rate })
        return { ...sample, rate, saturation: saturations.get(running.contestant) ?? 0 }
      },
    })
  },
}
