// docs/benchmarks.svg: CPU time per query of all servers, a group for each scenario.

import { isOurs, type Kept, type KeptReport } from './kept.ts'
import { type Bar, type Group, ratioChart } from './ratio-chart.ts'

const CHARTED = ['hits', 'edns', 'zipf', 'misses', 'nxdomain', 'tcp']

const kindOf = (name: string): Bar['kind'] =>
  isOurs(name) ? 'other' : name.startsWith('echo') ? 'floor' : 'theirs'

const OURS = 'shardns'

/** None if shardns was left out, or nobody else took part. */
const groupOf = ({ title, when, figures }: KeptReport): Group[] => {
  const bars = Object.entries(figures).flatMap(([name, { cpuUs }]) => {
    if (cpuUs === undefined) return []
    const [median, min, max] = cpuUs
    return [{ title: name, kind: kindOf(name), median, min, max, text: `${median.toFixed(2)} µs` }]
  })
  const unit = bars.find(({ title: name }) => name === OURS)
  const others = bars.filter(bar => bar !== unit).sort((a, b) => a.median - b.median)
  if (unit === undefined || others.length === 0) return []
  return [{ title: `${title} (${when.slice(0, 10)})`, unit, bars: others }]
}

export const chart = ({ reports }: Kept): string =>
  ratioChart({
    title: 'CPU time per query, as a multiple of what shardns takes',
    notes: [
      'Medians of the rounds; the thin line goes from the best round to the worst. The scale is logarithmic.',
      'shardns-dgram is shardns without batches of packets, as it runs where they are not to be had.',
    ],
    groups: CHARTED.flatMap(name => reports[name] ?? []).flatMap(groupOf),
  })
