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

interface Bar {
  readonly name: string
  readonly median: number
  readonly min: number
  readonly max: number
}

/** A bar that is longer than so many of ours is cut, or it would leave no room for the others. */
const CUT = 5
const CUT_GAP = 4

const barsOf = (report: Report): Bar[] =>
  Object.keys(report.outcome.samples)
    .flatMap(name => {
      const found = metricSpread(report.outcome, name, 'cpuUs')
      return found === undefined ? [] : [{ name, ...found }]
    })
    .sort((a, b) => a.median - b.median)

const barText = ({ name, median, min, max }: Bar, y: number, scale: number): string => {
  const middle = y + BAR / 2
  const full = WIDTH - LABEL_WIDTH - VALUE_WIDTH - 20
  const isCut = max * scale > full
  const at = (value: number): string => (LABEL_WIDTH + value * scale).toFixed(1)
  const rect = (x: number, width: number): string =>
    `<rect class="${kindOf(name)}" x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR}"/>`
  const end = isCut ? full + CUT_GAP : max * scale
  return [
    `<text x="${LABEL_WIDTH - 8}" y="${middle + 4}" text-anchor="end">${escapeXml(name)}</text>`,
    ...(isCut
      ? [rect(LABEL_WIDTH, full - 20), rect(LABEL_WIDTH + full - 20 + CUT_GAP, 20)]
      : [
          rect(LABEL_WIDTH, median * scale),
          `<path class="line" d="M${at(min)} ${middle}H${at(max)}"/>`,
        ]),
    `<text x="${(LABEL_WIDTH + end + 6).toFixed(1)}" y="${middle + 4}">${median.toFixed(2)} µs</text>`,
  ].join('\n')
}

const group = (report: Report, top: number): Group => {
  const bars = barsOf(report)
  const ours = bars.find(({ name }) => kindOf(name) === 'ours')?.median ?? Number.POSITIVE_INFINITY
  const shown = bars.filter(({ median }) => median <= CUT * ours)
  const most = spread((shown.length > 0 ? shown : bars).map(({ max }) => max))?.max ?? 1
  const scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH - 20) / most
  const rows = bars.map((bar, n) => barText(bar, top + HEADING + n * (BAR + GAP), scale))
  const heading = `<text x="10" y="${top + 22}" font-weight="bold">${escapeXml(report.title)}</text>`
  return { svg: [heading, ...rows].join('\n'), height: HEADING + bars.length * (BAR + GAP) + 10 }
}

const LEGEND = [
  { kind: 'ours', text: 'shardns' },
  { kind: 'theirs', text: 'other servers' },
  { kind: 'floor', text: 'echo: sends each packet back' },
]

const legend = (y: number): string =>
  LEGEND.map(({ kind, text }, n) => {
    const x = LABEL_WIDTH + n * 140
    return `<rect class="${kind}" x="${x}" y="${y - 11}" width="12" height="12"/>\n<text x="${x + 18}" y="${y}">${text}</text>`
  }).join('\n')

export const chart = (reports: ReadonlyMap<string, Report>): string => {
  let top = 70
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
    '<text x="10" y="26" font-size="16" font-weight="bold">CPU time per query. Shorter is better.</text>',
    '<text class="faint" x="10" y="46">Median of the rounds; the line goes from the best to the worst round. Bars with a gap are cut.</text>',
    legend(66),
    ...groups,
    '</svg>',
    '',
  ].join('\n')
}
