// The first sync with a cluster and the memory after it, of the built package with two and four
// shards; and the same without a cluster, to tell what the cluster costs and what shards do.

import type { Bench, Outcome, Sample } from '../../bench.ts'
import type { Contestant } from '../../contestants/contestant.ts'
import { inCluster } from '../../contestants/in-cluster.ts'
import { prepare } from '../../contestants/start.ts'
import { readCpu } from '../../measure/cpu.ts'
import { readMemory } from '../../measure/memory.ts'
import { untilReady } from '../../measure/ready.ts'
import { settle } from '../../measure/settle.ts'
import { median } from '../../measure/stats.ts'
import { inShape } from '../casts.ts'
import type { ClusterStage } from './kubernetes.ts'
import { FOUR, TWO, WITHOUT_CLUSTER } from './names.ts'

const SECONDS_WITH = 10
const SECONDS_WITHOUT = 7.5
const SHARDS = new Map([
  [TWO, 2],
  [FOUR, 4],
])

export const startsEstimate = ({ options }: Bench): number =>
  options.rounds * 2 * (SECONDS_WITH + SECONDS_WITHOUT)

/** `base` with so many shards. */
export const withShards = (base: Contestant, threads: number): Contestant => {
  const [shaped = base] = inShape([base], `-${threads}`, { threads })
  return shaped
}

const measureStart = async (
  bench: Bench,
  base: Contestant,
  name: string,
  environment: readonly string[] | undefined,
) => {
  const { contestant, readyPort } = await inCluster(base, { name, environment, hasCache: true })
  const ready = await prepare(contestant, bench)
  const began = performance.now()
  const child = ready.start()
  try {
    const syncMs = await untilReady(child, readyPort, began)
    await settle()
    return { syncMs, syncCpuMs: readCpu(child.pid).ns / 1e6, ...readMemory(child.pid) }
  } finally {
    await child.stop()
  }
}

export const measureStarts = async ({
  bench,
  cluster,
  built,
  notes,
}: ClusterStage): Promise<Outcome> => {
  const samples: Record<string, Sample[]> = {}
  const dropped: Record<string, string> = {}
  const { rounds } = bench.options
  const turns = [...SHARDS].flatMap(([name, threads]) => [
    { name, threads, environment: cluster.environment },
    { name: `${name}${WITHOUT_CLUSTER}`, threads, environment: undefined },
  ])
  for (let round = 0; built !== undefined && round < rounds; round++) {
    for (const { name, threads, environment } of turns.filter(
      turn => dropped[turn.name] === undefined,
    )) {
      bench.progress(`kubernetes: start, round ${round + 1} of ${rounds}: ${name}`)
      try {
        const sample = await measureStart(bench, withShards(built, threads), name, environment)
        const known = (samples[name] ??= [])
        known.push({ round, ...sample })
      } catch (error) {
        dropped[name] = error instanceof Error ? error.message : String(error)
      }
    }
  }
  notes.push(...costs(samples))
  return { samples, dropped, notes: [] }
}

/** What the ratios of the table do not say. */
const costs = (samples: Readonly<Record<string, readonly Sample[]>>): string[] => {
  const of = (name: string, metric: string): number =>
    median((samples[name] ?? []).map(sample => sample[metric] ?? Number.NaN))
  const [two, four] = [of(TWO, 'rssMiB'), of(FOUR, 'rssMiB')]
  const [twoAlone, fourAlone] = [
    of(`${TWO}${WITHOUT_CLUSTER}`, 'rssMiB'),
    of(`${FOUR}${WITHOUT_CLUSTER}`, 'rssMiB'),
  ]
  const sync = of(TWO, 'syncMs')
  if (![two, four, twoAlone, fourAlone].every(Number.isFinite)) return []
  const mib = (value: number): string => `${value.toFixed(1)} MiB`
  const perShard = (fourAlone - twoAlone) / 2
  const expected = two + 2 * perShard
  return [
    `Of the ${sync.toFixed(0)} ms until ready, ${(sync - of(`${TWO}${WITHOUT_CLUSTER}`, 'syncMs')).toFixed(0)} ms are the cluster's.`,
    `A shard costs ${mib(perShard)} without a cluster; the cluster costs ${mib(two - twoAlone)} with 2 shards and ${mib(four - fourAlone)} with 4. ` +
      `4 shards take ${(four / expected).toFixed(3)} of (2 shards in the cluster + 2 more without).`,
  ]
}
