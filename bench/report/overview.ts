// docs/overview.svg: shardns beside CoreDNS and Unbound at a glance, what it loses included. Each
// group is of one run of one scenario.

import type { Kept } from './kept.ts'
import { type Bar, type Group, ratioChart } from './ratio-chart.ts'

interface Panel {
  readonly scenario: string
  readonly metric: string
  readonly title: string
  readonly unit: string
  readonly digits: number
  /** From the metric's unit to the shown one. */
  readonly scale?: number
  /** The contestant that stands for shardns. */
  readonly ours: string
}

const cpuTime = (scenario: string, ours: string, what: string): Panel => ({
  ...{ scenario, metric: 'cpuUs', ours, unit: 'µs', digits: 1 },
  title: `${what}: CPU time`,
})

const memory = (scenario: string, metric: string, ours: string, title: string): Panel => ({
  ...{ scenario, metric, ours, unit: 'MiB', digits: 0 },
  title,
})

const BUILT = 'shardns-built'
const TWO_SHARDS = 'shardns-built-2'
/** Of milliseconds. */
const SECONDS = { unit: 's', digits: 2, scale: 1e-3 }

const PANELS: readonly Panel[] = [
  cpuTime('hits', 'shardns', 'Cached answer over UDP'),
  cpuTime('misses', 'shardns', 'Answer from upstream'),
  cpuTime('tcp', 'shardns', 'Cached answer over TCP'),
  cpuTime('hosts', BUILT, 'Answer from a hosts file of 200,000 lines'),
  memory('hosts', 'rssMiB', BUILT, 'Memory with that hosts file'),
  memory(
    'memory',
    'afterMiB',
    TWO_SHARDS,
    'Memory with 10,000 cached answers, after a load (shardns: two shards)',
  ),
  {
    ...{ scenario: 'start', metric: 'startMs', ours: BUILT, unit: 'ms', digits: 0 },
    title: 'From start to first answer',
  },
  {
    ...{ scenario: 'start-limited', metric: 'startMs', ours: BUILT, ...SECONDS },
    title: 'The same with a tenth of a CPU and 128 MiB',
  },
  {
    ...{ scenario: 'first-second', metric: 'firstP99Us', ours: BUILT },
    ...{ unit: 'ms', digits: 1, scale: 1e-3 },
    title: 'First second at 5,000 q/s after the start: 99th percentile',
  },
  {
    ...{ scenario: 'sync', metric: 'readyCpuMs', ours: TWO_SHARDS, ...SECONDS },
    title: 'First sync with 5,000 services, 20,000 endpoints: CPU time',
  },
  memory('sync', 'sweptMiB', TWO_SHARDS, 'Memory with that cluster'),
  {
    ...{ scenario: 'idle', metric: 'idlePercent', ours: TWO_SHARDS, unit: '%', digits: 2 },
    title: 'CPU of a core at rest (shardns: two shards)',
  },
]
const PEERS = [
  { name: 'coredns', title: 'CoreDNS' },
  { name: 'unbound', title: 'Unbound' },
]

/** None if shardns or everybody else was left out. */
const groupOf = ({ reports }: Kept, panel: Panel): Group[] => {
  const { scenario, metric, title, unit, digits, scale = 1, ours } = panel
  const bar = (name: string, shown: string): Bar[] => {
    const found = reports[scenario]?.figures[name]?.[metric]
    if (found === undefined) return []
    const [median, min, max] = found.map(value => value * scale) as [number, number, number]
    const text = `${median.toFixed(digits)} ${unit}`
    return [{ title: shown, kind: 'theirs', median, min, max, text }]
  }
  const [own] = bar(ours, 'shardns')
  const bars = PEERS.flatMap(peer => bar(peer.name, peer.title))
  return own === undefined || own.median <= 0 || bars.length === 0
    ? []
    : [{ title, unit: own, bars }]
}

/** Of what was measured beside a peer; undefined if nothing was. */
export const overview = (kept: Kept): string | undefined => {
  const groups = PANELS.flatMap(panel => groupOf(kept, panel))
  if (groups.length === 0) return undefined
  return ratioChart({
    title: 'What CoreDNS and Unbound take, as a multiple of what shardns takes',
    notes: [
      'One thread each unless said otherwise, the same CPU, each group in the same rounds. Medians; the thin',
      'line goes from the best round to the worst. The scale is logarithmic.',
    ],
    groups,
  })
}
