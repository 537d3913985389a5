// shardns in a large cluster: how long the first sync takes, what memory it needs, how soon changes
// are seen, and what an answer costs. The parts are start.ts, churn.ts and
// cpu.ts; this file gives them one cluster and one table.

import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench, Outcome, Scenario } from '../../bench.ts'
import { builtOf } from '../../contestants/built.ts'
import type { Contestant } from '../../contestants/contestant.ts'
import { ApiCluster, ENDPOINTS_PER_SERVICE } from '../../load/cluster.ts'
import { shardnsOf } from '../casts.ts'
import { churnEstimate, measureChurn } from './churn.ts'
import { cpuEstimate, measureCpu } from './cpu.ts'
import { HITS } from './names.ts'
import { measureStarts, startsEstimate } from './start.ts'

const SETUP_SECONDS = 20

/** What the parts work with. */
export interface ClusterStage {
  readonly bench: Bench
  readonly cluster: ApiCluster
  readonly sources: Contestant
  /** Undefined if the package could not be built. */
  readonly built: Contestant | undefined
  readonly notes: string[]
}

const engineUnderTest = (bench: Bench): Contestant | undefined =>
  shardnsOf(bench).find(({ name }) => name === HITS)

const run = async (bench: Bench): Promise<Outcome> => {
  const sources = engineUnderTest(bench)
  if (sources === undefined) return { samples: {}, dropped: { [HITS]: 'not chosen' }, notes: [] }
  const { services, churnSeconds } = bench.options
  const notes = [
    `The cluster: ${services} services, ${services * ENDPOINTS_PER_SERVICE} endpoints, over https; changed for ${churnSeconds} s.`,
  ]
  const [built] = builtOf([sources], bench, notes)
  bench.progress('kubernetes: starting the API server')
  const cluster = await ApiCluster.start(
    { services, endpoints: services * ENDPOINTS_PER_SERVICE },
    mkdtempSync(join(bench.folder, 'cluster-')),
    bench.pins.load,
  )
  try {
    const stage: ClusterStage = { bench, cluster, sources, built, notes }
    const parts = [await measureStarts(stage), await measureChurn(stage), await measureCpu(stage)]
    return joined(parts, notes)
  } finally {
    await cluster.stop()
  }
}

/** Samples of one contestant that two parts have stand behind each other. */
const joined = (parts: readonly Outcome[], notes: readonly string[]): Outcome => {
  const names = new Set(parts.flatMap(({ samples }) => Object.keys(samples)))
  const samples = [...names].map(
    name => [name, parts.flatMap(part => part.samples[name] ?? [])] as const,
  )
  return {
    samples: Object.fromEntries(samples),
    dropped: Object.assign({}, ...parts.map(({ dropped }) => dropped)),
    notes,
  }
}

export const kubernetes: Scenario = {
  name: 'kubernetes',
  title: 'In a cluster of 10,000 services, unless the notes say otherwise',
  columns: [
    ...[
      'syncMs',
      'syncCpuMs',
      'rssMiB',
      'peakMiB',
      'changes',
      'unseen',
      'seenP50Ms',
      'seenP99Ms',
      'seenMaxMs',
    ],
    ...[
      'beforeMiB',
      'churnedMiB',
      'churnGrownMiB',
      'swept',
      'sweptWrong',
      'lost',
      'qps',
      'cpuUs',
      'busy',
    ],
  ],
  compared: 'cpuUs',
  baselineOf: () => HITS,
  isComparable: false,
  estimate: bench =>
    engineUnderTest(bench) === undefined
      ? 0
      : SETUP_SECONDS + startsEstimate(bench) + churnEstimate(bench) + cpuEstimate(bench),
  run,
}
