// What a server does when nobody asks: CPU time over half a minute, and how often its threads wake.
// All stand beside each other meanwhile, since none has anything to do.

import type { Bench, Outcome, Sample, Scenario } from '../bench.ts'
import { builtOf } from '../contestants/built.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { inCluster } from '../contestants/in-cluster.ts'
import { type Running, start } from '../contestants/start.ts'
import { readCpu } from '../measure/cpu.ts'
import { readWakes } from '../measure/wakes.ts'
import { inShape, present, shardnsOf } from './casts.ts'

/** What a start leaves to be done is done by then; V8 reduces its heaps after some 20 s. */
const REST_MS = 40_000
export const TWO_SHARDS = '-2'

/** The usual Corefile of a cluster without its cluster, for those that read one. */
const usual = async (contestant: Contestant): Promise<Contestant> => {
  if (contestant.kind !== 'shardns' && contestant.name !== 'coredns') return contestant
  const parts = { name: contestant.name, environment: undefined, hasCache: true }
  return (await inCluster(contestant, parts)).contestant
}

const castOf = (bench: Bench, built: readonly Contestant[]): Contestant[] => [
  ...inShape(built, TWO_SHARDS, { threads: 2 }),
  ...present(bench).filter(({ kind }) => kind === 'cache'),
]

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

interface Reading {
  readonly ms: number
  readonly cpuNs: number
  readonly wakes: number
}

const read = ({ pid }: Running): Reading => ({
  ms: performance.now(),
  cpuNs: readCpu(pid).ns,
  wakes: readWakes(pid),
})

const between = (before: Reading, after: Reading): Sample => {
  const seconds = (after.ms - before.ms) / 1000
  return {
    idlePercent: (after.cpuNs - before.cpuNs) / 1e7 / seconds,
    wakesPerSecond: (after.wakes - before.wakes) / seconds,
  }
}

const run = async (bench: Bench): Promise<Outcome> => {
  const notes: string[] = []
  const samples: Record<string, Sample[]> = {}
  const dropped: Record<string, string> = {}
  const running: Running[] = []
  try {
    for (const contestant of castOf(bench, builtOf(shardnsOf(bench), bench, notes))) {
      bench.progress(`idle: starting ${contestant.name}`)
      try {
        running.push(await start(await usual(contestant), bench))
      } catch (error) {
        dropped[contestant.name] = (error as Error).message
      }
    }
    const { idleSeconds } = bench.options
    bench.progress(`idle: nobody asks for ${idleSeconds} s`)
    await pause(Math.min(REST_MS, 2 * idleSeconds * 1000))
    const before = running.map(read)
    await pause(idleSeconds * 1000)
    for (const [n, one] of running.entries())
      samples[one.contestant.name] = [{ round: 0, ...between(before[n] as Reading, read(one)) }]
  } finally {
    await Promise.all(running.map(({ child }) => child.stop()))
  }
  return { samples, dropped, notes }
}

export const idle: Scenario = {
  name: 'idle',
  title: 'At rest; shardns with two shards',
  columns: ['idlePercent', 'wakesPerSecond'],
  compared: 'idlePercent',
  isComparable: false,
  estimate: bench => 15 + castOf(bench, []).length + 10 + bench.options.idleSeconds,
  run,
}
