// The first sync with a middle-sized cluster, of 5,000 services with 20,000 endpoints: CPU and time
// until ready, memory after every name was asked for, and after everything was deleted. CoreDNS
// takes part if it has its plugin kubernetes.

import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench, Outcome, Sample, Scenario } from '../bench.ts'
import { builtOf } from '../contestants/built.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { inCluster } from '../contestants/in-cluster.ts'
import { prepare } from '../contestants/start.ts'
import { askUdp } from '../load/ask.ts'
import { ApiCluster, type ClusterName } from '../load/cluster.ts'
import { readCpu } from '../measure/cpu.ts'
import { runDnsperf } from '../measure/dnsperf.ts'
import { readMemory } from '../measure/memory.ts'
import { untilReady } from '../measure/ready.ts'
import { settle } from '../measure/settle.ts'
import { inShape, present, usualSources } from './casts.ts'
import { TWO_SHARDS } from './idle.ts'
import { inTurns } from './turns.ts'

const SERVICES = 5000
const ENDPOINTS = 20_000
const SECONDS_EACH = 25
const EMPTY_LIMIT_MS = 60_000
const NXDOMAIN = 3
/** What is left when all is deleted. */
const EMPTY = 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: default\n'

const castOf = (bench: Bench, built: readonly Contestant[]): Contestant[] => [
  ...inShape(built, TWO_SHARDS, { threads: 2 }),
  ...present(bench).filter(({ name }) => name === 'coredns'),
]

const untilGone = async (port: number, name: string): Promise<void> => {
  const end = performance.now() + EMPTY_LIMIT_MS
  while (performance.now() < end) {
    if ((await askUdp(port, name, 500))?.rcode === NXDOMAIN) return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error('it still knows what was deleted')
}

/** Asks for all names once; throws if any answer is missing or none. */
const ask = async (bench: Bench, port: number, names: readonly ClusterName[]): Promise<number> => {
  const file = bench.queries.named(
    `sync-${names.length}`,
    names.map(({ name }) => name),
  )
  const { lost, completed, rcodes } = await runDnsperf({
    ...{ port, file, args: ['-c', '4', '-q', '100'] },
    ...{ cpu: bench.pins.load, folder: bench.folder },
  })
  return lost + completed - (rcodes.NOERROR ?? 0)
}

const measure = async (
  bench: Bench,
  base: Contestant,
  cluster: ApiCluster,
  folder: string,
): Promise<Sample> => {
  const { contestant, readyPort } = await inCluster(base, {
    ...{ name: base.name, environment: cluster.environment, hasCache: true },
    ...(base.kind === 'shardns' ? {} : { kubeconfig: join(folder, 'kubeconfig') }),
  })
  const names = await cluster.names()
  const ready = await prepare(contestant, bench)
  const began = performance.now()
  const child = ready.start()
  try {
    const readyMs = await untilReady(child, readyPort, began)
    const readyCpuMs = readCpu(child.pid).ns / 1e6
    const sweptWrong = await ask(bench, ready.port, names)
    await settle()
    const { rssMiB: sweptMiB, peakMiB } = readMemory(child.pid)
    const empty = join(folder, 'empty.yaml')
    writeFileSync(empty, EMPTY)
    await cluster.replace(empty)
    await untilGone(ready.port, names.at(-1)?.name ?? '')
    await settle()
    const emptiedMiB = readMemory(child.pid).rssMiB
    return { readyMs, readyCpuMs, sweptMiB, peakMiB, emptiedMiB, sweptWrong }
  } finally {
    await child.stop()
  }
}

const run = async (bench: Bench): Promise<Outcome> => {
  const notes = [
    `${SERVICES} services, ${ENDPOINTS} endpoints, over https, from the test API server on the load's CPU.`,
  ]
  const turns = castOf(bench, builtOf(usualSources(bench), bench, notes)).map(contestant => ({
    name: contestant.name,
    measure: async () => {
      const folder = mkdtempSync(join(bench.folder, 'sync-'))
      const size = { services: SERVICES, endpoints: ENDPOINTS }
      const cluster = await ApiCluster.start(size, folder, bench.pins.load)
      try {
        return await measure(bench, contestant, cluster, folder)
      } finally {
        await cluster.stop()
      }
    },
  }))
  return { ...(await inTurns(bench, 'sync', bench.options.rounds, turns)), notes }
}

export const sync: Scenario = {
  name: 'sync',
  title: 'First sync with 5,000 services and 20,000 endpoints; shardns with two shards',
  columns: ['readyCpuMs', 'readyMs', 'sweptMiB', 'peakMiB', 'emptiedMiB', 'sweptWrong'],
  compared: 'readyCpuMs',
  baselineOf: () => 'coredns',
  isComparable: false,
  estimate: bench =>
    15 + castOf(bench, usualSources(bench)).length * bench.options.rounds * SECONDS_EACH,
  run,
}
