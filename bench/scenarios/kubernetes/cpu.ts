// What an answer from records costs beside a cache hit, from the sources, with one shard on a CPU
// of its own: `shardns` as the scenario hits has it, and the server in the cluster without cache,
// asked for all services (one in ten is headless, one in a hundred has more endpoints than go into
// a datagram; the same with a cache in front, for comparison), for those with an address of their
// own, and for what a search path makes of other names.

import type { Bench, Outcome } from '../../bench.ts'
import { inCluster } from '../../contestants/in-cluster.ts'
import type { Running } from '../../contestants/start.ts'
import type { ClusterName } from '../../load/cluster.ts'
import { untilReady } from '../../measure/ready.ts'
import { interleave } from '../interleave.ts'
import { USUAL_CLIENTS } from '../loads.ts'
import { exercise, type Load, measureLoad, warm } from '../measure-load.ts'
import type { ClusterStage } from './kubernetes.ts'
import { ADDRESSES, CACHED, HITS, NXDOMAIN, RECORDS } from './names.ts'

const SETUP_SECONDS = 12
const OVERHEAD_SECONDS = 0.7

export const cpuEstimate = ({ options }: Bench): number =>
  5 * (SETUP_SECONDS + options.rounds * (options.seconds + OVERHEAD_SECONDS))

/**
 * What pods ask first for a service of another namespace, and for a name outside: each search
 * domain in turn.
 */
const searched = (names: readonly ClusterName[]): string[] =>
  names.flatMap(({ name }, n) => {
    const [service, namespace, ...zone] = name.split('.')
    const other = names[(n * 7 + 1) % names.length]?.name.split('.')[1] ?? 'default'
    const outside = `api-${n}.example.net`
    const suffix = [`${namespace}.${zone.join('.')}`, zone.join('.'), zone.slice(1).join('.')][
      n % 3
    ]
    return [`${service}.${namespace}.${other}.${zone.join('.')}`, `${outside}.${suffix}`]
  })

const nameOf = ({ name }: ClusterName): string => name

export const measureCpu = async ({
  bench,
  cluster,
  sources,
  notes,
}: ClusterStage): Promise<Outcome> => {
  const all = await cluster.names()
  const file = (set: string, list: readonly string[]): string => bench.queries.named(set, list)
  const common = { args: USUAL_CLIENTS, seconds: bench.options.seconds }
  const loads = new Map<string, Load>([
    [HITS, { ...common, file: bench.queries.hits() }],
    [RECORDS, { ...common, file: file('now', all.map(nameOf)) }],
    [CACHED, { ...common, file: file('now', all.map(nameOf)) }],
    [
      ADDRESSES,
      { ...common, file: file('own', all.filter(({ isHeadless }) => !isHeadless).map(nameOf)) },
    ],
    [NXDOMAIN, { ...common, file: file('searched', searched(all)), rcode: 'NXDOMAIN' }],
  ])
  const inside = await Promise.all(
    [RECORDS, CACHED, ADDRESSES, NXDOMAIN].map(name =>
      inCluster(sources, { name, environment: cluster.environment, hasCache: name === CACHED }),
    ),
  )
  const loadOf = ({ contestant }: Running): Load => loads.get(contestant.name) as Load
  return interleave(bench, {
    scenario: 'kubernetes',
    cast: [sources, ...inside.map(({ contestant }) => contestant)],
    rounds: bench.options.rounds,
    notes,
    begin: async running => {
      const readyPort = inside.find(
        ({ contestant }) => contestant === running.contestant,
      )?.readyPort
      if (readyPort !== undefined) await untilReady(running.child, readyPort, performance.now())
      await warm(bench, running, loadOf(running).file, [])
      await exercise(bench, running, loadOf(running))
    },
    measure: async running => {
      if (running.contestant === sources) await warm(bench, running, loadOf(running).file, [])
      return (await measureLoad(bench, running, loadOf(running))).sample
    },
  })
}
