// Whether a flood of UDP hits keeps others waiting: TCP hits and UDP misses, asked one at a time
// while hits come at 80 % of saturation.

import type { Bench, Sample, Scenario } from '../bench.ts'
import type { Running } from '../contestants/start.ts'
import { askUdp, TcpAsker } from '../load/ask.ts'
import { LatencyHistogram } from '../measure/latency.ts'
import { shardnsOf } from './casts.ts'
import { interleave } from './interleave.ts'
import { USUAL_CLIENTS } from './loads.ts'
import { exercise, type Load, perf, warm } from './measure-load.ts'

const SETUP_SECONDS = 6
const SHARE = 0.8
const PATIENCE_MS = 2000
/** Between two questions: the client is a guest on the load's CPU. */
const PAUSE_MS = 2
const SETTLE_MS = 200

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** Asks until `isOver`; unanswered questions count with the whole patience. */
const askOn = async (
  isOver: () => boolean,
  ask: (n: number) => Promise<boolean>,
  waits: LatencyHistogram,
): Promise<number> => {
  let unanswered = 0
  for (let n = 0; !isOver(); n++) {
    const start = performance.now()
    if (!(await ask(n))) unanswered++
    waits.add((performance.now() - start) * 1000)
    await pause(PAUSE_MS)
  }
  return unanswered
}

const measure = async (
  bench: Bench,
  running: Running,
  round: number,
  load: Load,
): Promise<Sample> => {
  let isOver = false
  const flood = perf(bench, running, load).finally(() => {
    isOver = true
  })
  await pause(SETTLE_MS)
  const tcp = new LatencyHistogram()
  const misses = new LatencyHistogram()
  const asker = new TcpAsker(running.port)
  const unanswered = await Promise.all([
    askOn(
      () => isOver,
      n => asker.ask(`n${n % 1000}.test`, PATIENCE_MS),
      tcp,
    ),
    askOn(
      () => isOver,
      async n =>
        (await askUdp(running.port, `p${round}-${n}.miss.test`, PATIENCE_MS)) !== undefined,
      misses,
    ),
  ])
  asker.close()
  const { qps, lost } = await flood
  return {
    qps,
    lost,
    rate: load.rate ?? 0,
    unanswered: unanswered.reduce((sum, count) => sum + count, 0),
    tcpP50Us: tcp.percentile(0.5),
    tcpP99Us: tcp.percentile(0.99),
    tcpMaxUs: tcp.maxUs,
    missP50Us: misses.percentile(0.5),
    missP99Us: misses.percentile(0.99),
    missMaxUs: misses.maxUs,
  }
}

export const prompt: Scenario = {
  name: 'prompt',
  title: 'TCP hits and UDP misses during a flood of UDP hits at 80 % of saturation',
  columns: [
    'qps',
    'lost',
    'tcpP50Us',
    'tcpP99Us',
    'tcpMaxUs',
    'missP50Us',
    'missP99Us',
    'missMaxUs',
    'unanswered',
  ],
  isComparable: true,
  estimate: bench =>
    shardnsOf(bench).length * (SETUP_SECONDS + (bench.options.rounds + 1) * bench.options.seconds),
  run: bench => {
    const { seconds, rounds } = bench.options
    const load: Load = { file: bench.queries.hits(), args: USUAL_CLIENTS, seconds }
    const rates = new Map<string, number>()
    return interleave(bench, {
      scenario: 'prompt',
      cast: shardnsOf(bench),
      rounds,
      begin: async running => {
        await warm(bench, running, load.file, [])
        await exercise(bench, running, load)
        rates.set(running.contestant.name, (await perf(bench, running, load)).qps * SHARE)
      },
      measure: (running, round) =>
        measure(bench, running, round, { ...load, rate: rates.get(running.contestant.name) ?? 0 }),
    })
  },
}
