// docs/overview.svg: shardns beside CoreDNS and Unbound at a glance, what it loses included.

import { format } from '../metrics.ts'
import { metricSpread } from '../summary.ts'
import { escapeXml, STYLE } from './ink.ts'
import type { Report } from './report.ts'

interface Panel {
  readonly scenario: string
  readonly metric: string
  readonly title: string
  readonly unit: string
  /** The contestant that stands for shardns. */
  readonly ours: string
}

const COLUMNS: readonly (readonly Panel[])[] = [
  [
    {
      scenario: 'hits',
      metric: 'cpuUs',
      title: 'Cached answer over UDP: CPU time',
      unit: 'µs',
      ours: 'shardns',
    },
    {
      scenario: 'misses',
      metric: 'cpuUs',
      title: 'Answer from upstream: CPU time',
      unit: 'µs',
      ours: 'shardns',
    },
    {
      scenario: 'tcp',
      metric: 'cpuUs',
      title: 'Cached answer over TCP: CPU time',
      unit: 'µs',
      ours: 'shardns',
    },
  ],
  [
    {
      scenario: 'startup',
      metric: 'startMs',
      title: 'From start to first answer',
      unit: 'ms',
      ours: 'shardns-built',
    },
    {
      scenario: 'memory',
      metric: 'filledMiB',
      title: 'Memory with 10,000 cached answers*',
      unit: 'MiB',
      ours: 'shardns-built-2',
    },
  ],
]
const PEERS = [
  { name: 'coredns', title: 'CoreDNS' },
  { name: 'unbound', title: 'Unbound' },
]

const COLUMN_WIDTH = 380
const LABEL_WIDTH = 70
const VALUE_WIDTH = 90
const BAR = 14
const ROW = 20
const HEADING = 26
const PANEL_HEIGHT = HEADING + (PEERS.length + 1) * ROW + 14

const panel = (report: Report, { metric, title, unit, ours }: Panel, x: number, y: number) => {
  const bars = [{ name: ours, title: 'shardns' }, ...PEERS].map(bar => ({
    title: bar.title,
    value: metricSpread(report.outcome, bar.name, metric)?.median ?? 0,
  }))
  const most = Math.max(...bars.map(({ value }) => value))
  const scale = (COLUMN_WIDTH - LABEL_WIDTH - VALUE_WIDTH) / most
  const rows = bars.map((bar, n) => {
    const top = y + HEADING + n * ROW
    const width = bar.value * scale
    const base = top + BAR - 3
    return [
      `<text x="${x + LABEL_WIDTH - 8}" y="${base}" text-anchor="end">${bar.title}</text>`,
      `<rect class="${n === 0 ? 'ours' : 'theirs'}" x="${x + LABEL_WIDTH}" y="${top}" width="${width.toFixed(1)}" height="${BAR}"/>`,
      `<text x="${(x + LABEL_WIDTH + width + 6).toFixed(1)}" y="${base}">${format(metric, bar.value)} ${unit}</text>`,
    ].join('\n')
  })
  const heading = `<text x="${x}" y="${y + 15}" font-weight="bold">${escapeXml(title)}</text>`
  return [heading, ...rows].join('\n')
}

/** Undefined if a scenario has not been measured. */
export const overview = (reports: ReadonlyMap<string, Report>): string | undefined => {
  const panels = COLUMNS.flatMap((column, n) =>
    column.map((shown, row) => ({ shown, x: n * COLUMN_WIDTH, y: row * PANEL_HEIGHT })),
  )
  const drawn = panels.flatMap(({ shown, x, y }) => {
    const report = reports.get(shown.scenario)
    return report === undefined ? [] : [panel(report, shown, x, y)]
  })
  if (drawn.length < panels.length) return undefined
  const height = Math.max(...COLUMNS.map(column => column.length)) * PANEL_HEIGHT
  const note = (row: number, text: string): string =>
    `<text class="faint" x="${COLUMN_WIDTH}" y="${2 * PANEL_HEIGHT + 15 + row * 17}" font-size="12">${text}</text>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * COLUMN_WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    STYLE,
    ...drawn,
    note(0, 'Shorter is better. One thread each, in the same rounds'),
    note(1, 'on the same CPU; medians.'),
    note(2, '* shardns with two threads.'),
    '</svg>',
    '',
  ].join('\n')
}
