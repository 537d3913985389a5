// docs/benchmarks.svg: CPU time per query, one group of bars per scenario. Shorter is better.

import { spread } from '../measure/stats.ts'
import { metricSpread } from '../summary.ts'
import { escapeXml, STYLE } from './ink.ts'
import type { Report } from './report.ts'

const CHARTED = ['hits', 'edns', 'zipf', 'misses', 'nxdomain', 'tcp']
const WIDTH = 860
const LABEL_WIDTH = 150
const VALUE_WIDTH = 90
const BAR = 16
const GAP = 4
const HEADING = 34

const kindOf = (name: string): string =>
  name.startsWith('shardns') ? 'ours' : name.startsWith('echo') ? 'floor' : 'theirs'

interface Group {
  readonly svg: string
  readonly height: number
}

const group = (report: Report, top: number): Group => {
  const bars = Object.keys(report.outcome.samples)
    .flatMap(name => {
      const found = metricSpread(report.outcome, name, 'cpuUs')
      return found === undefined ? [] : [{ name, ...found }]
    })
    .sort((a, b) => a.median - b.median)
  const most = spread(bars.map(({ max }) => max))?.max ?? 1
  const scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH - 20) / most
  const rows = bars.map(({ name, median, min, max }, n) => {
    const y = top + HEADING + n * (BAR + GAP)
    const middle = y + BAR / 2
    const at = (value: number): string => (LABEL_WIDTH + value * scale).toFixed(1)
    return [
      `<text x="${LABEL_WIDTH - 8}" y="${middle + 4}" text-anchor="end">${escapeXml(name)}</text>`,
      `<rect class="${kindOf(name)}" x="${LABEL_WIDTH}" y="${y}" width="${(median * scale).toFixed(1)}" height="${BAR}"/>`,
      `<path class="line" d="M${at(min)} ${middle}H${at(max)}"/>`,
      `<text x="${LABEL_WIDTH + max * scale + 6}" y="${middle + 4}">${median.toFixed(2)} µs</text>`,
    ].join('\n')
  })
  const heading = `<text x="10" y="${top + 22}" font-weight="bold">${escapeXml(report.title)}</text>`
  return { svg: [heading, ...rows].join('\n'), height: HEADING + bars.length * (BAR + GAP) + 10 }
}

export const chart = (reports: ReadonlyMap<string, Report>): string => {
  let top = 40
  const groups: string[] = []
  for (const name of CHARTED) {
    const report = reports.get(name)
    if (report === undefined) continue
    const made = group(report, top)
    groups.push(made.svg)
    top += made.height
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top + 10}" font-family="sans-serif" font-size="13">`,
    STYLE,
    '<text x="10" y="26" font-size="16" font-weight="bold">CPU time per query: median of the rounds, line from best to worst. Shorter is better.</text>',
    ...groups,
    '</svg>',
    '',
  ].join('\n')
}
