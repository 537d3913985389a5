// A cluster that changes 20 times a second: when all shards answer by each change, whether memory
// stays as it was, and whether afterwards every name has the addresses that the API server says.
// The Corefile's cache is on, and all names that change are asked for all the time, so that what is
// replaced is a cached answer.

import type { Bench, Outcome, Sample } from '../../bench.ts'
import { inCluster } from '../../contestants/in-cluster.ts'
import { type Running, start } from '../../contestants/start.ts'
import { type ClusterName, serviceName } from '../../load/cluster.ts'
import { LatencyHistogram } from '../../measure/latency.ts'
import { readMemory } from '../../measure/memory.ts'
import { untilReady } from '../../measure/ready.ts'
import { settle } from '../../measure/settle.ts'
import { sweep } from '../../measure/sweep.ts'
import { VisibilityWatch } from '../../measure/visibility.ts'
import { USUAL_CLIENTS } from '../loads.ts'
import { perf, warm } from '../measure-load.ts'
import type { ClusterStage } from './kubernetes.ts'
import { TWO } from './names.ts'
import { withShards } from './start.ts'

const CHANGES_PER_SECOND = 20
/** Twice in the shortest TTL (5 s), with room. */
const ASKS_PER_NAME_AND_SECOND = 0.5
const FIRST_CHURN_SECONDS = 3
const SETUP_SECONDS = 40

export const churnEstimate = ({ options }: Bench): number => SETUP_SECONDS + options.churnSeconds

/**
 * The names that the API server's churn is about: the first endpoint of each headless service, and
 * services that come and go.
 */
const changingNames = (names: readonly ClusterName[], changes: number): string[] => [
  ...names
    .filter(({ isHeadless }) => isHeadless)
    .map(({ name }) => `${name.split('.')[0]}-0.${name}`),
  ...Array.from({ length: Math.ceil(changes / 3) }, (_, n) =>
    serviceName(`churn-${String(n).padStart(7, '0')}`, `ns-${String(n % 50).padStart(2, '0')}`),
  ),
]

/** The cluster changes while its names are asked for. */
const churnFor = async (
  { bench, cluster }: ClusterStage,
  running: Running,
  file: string,
  seconds: number,
): Promise<Sample> => {
  const names = bench.options.services / 10 + (seconds * CHANGES_PER_SECOND) / 3
  const watch = await VisibilityWatch.open(running.port)
  const asking = perf(bench, running, {
    file,
    args: USUAL_CLIENTS,
    seconds,
    rate: names * ASKS_PER_NAME_AND_SECOND,
  })
  const changing = cluster.churn(seconds * CHANGES_PER_SECOND, CHANGES_PER_SECOND, change =>
    watch.watch(change),
  )
  const ends = await Promise.allSettled([asking, changing])
  await watch.close()
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  const microseconds = new LatencyHistogram()
  for (const ms of watch.seenMs) microseconds.add(ms * 1000)
  return {
    changes: watch.seenMs.length,
    unseen: watch.unseen,
    seenP50Ms: microseconds.percentile(0.5) / 1000,
    seenP99Ms: microseconds.percentile(0.99) / 1000,
    seenMaxMs: microseconds.maxUs / 1000,
  }
}

/** All names over dnsperf. */
const ask = async (bench: Bench, running: Running, names: readonly ClusterName[]) => {
  const file = bench.queries.named(
    'services',
    names.map(({ name }) => name),
  )
  const { lost, completed, rcodes } = await perf(bench, running, { file, args: USUAL_CLIENTS })
  return { lost, wrong: completed - (rcodes.NOERROR ?? 0), count: lost + completed }
}

const measure = async (stage: ClusterStage, running: Running): Promise<Sample> => {
  const { bench, cluster, notes } = stage
  const { churnSeconds } = bench.options
  const names = await cluster.names()
  const changes = (FIRST_CHURN_SECONDS + churnSeconds) * CHANGES_PER_SECOND
  const file = bench.queries.named('changing', changingNames(names, changes))
  // NXDOMAIN is most of the answers: services that will come are not there yet.
  await warm(bench, running, file, [])
  await churnFor(stage, running, file, FIRST_CHURN_SECONDS)
  const first = await ask(bench, running, names)
  await settle()
  const { rssMiB: beforeMiB } = readMemory(running.pid)
  bench.progress(`kubernetes: ${CHANGES_PER_SECOND} changes a second for ${churnSeconds} s`)
  const seen = await churnFor(stage, running, file, churnSeconds)
  await settle()
  const { rssMiB: churnedMiB } = readMemory(running.pid)
  bench.progress('kubernetes: asking for all names')
  const now = await cluster.names()
  const second = await ask(bench, running, now)
  const { wrong, example } = await sweep(running.port, now)
  if (example !== undefined) notes.push(`A wrong answer: ${example}`)
  return {
    ...seen,
    beforeMiB,
    churnedMiB,
    churnGrownMiB: churnedMiB - beforeMiB,
    swept: first.count + second.count,
    sweptWrong: first.wrong + second.wrong + wrong,
    lost: first.lost + second.lost,
  }
}

export const measureChurn = async (stage: ClusterStage): Promise<Outcome> => {
  const { bench, cluster, built } = stage
  if (built === undefined) return { samples: {}, dropped: {}, notes: [] }
  bench.progress(`kubernetes: starting ${TWO} for a cluster that changes`)
  const parts = { name: TWO, environment: cluster.environment, hasCache: true }
  const { contestant, readyPort } = await inCluster(withShards(built, 2), parts)
  try {
    const running = await start(contestant, bench)
    try {
      await untilReady(running.child, readyPort, performance.now())
      await settle()
      // Behind the rounds that measured its start.
      const sample = { round: bench.options.rounds, ...(await measure(stage, running)) }
      return { samples: { [TWO]: [sample] }, dropped: {}, notes: [] }
    } finally {
      await running.child.stop()
    }
  } catch (error) {
    return {
      samples: {},
      dropped: { [TWO]: error instanceof Error ? error.message : String(error) },
      notes: [],
    }
  }
}
