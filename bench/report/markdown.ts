// docs/benchmarks.md, docs/benchmarks.svg and docs/overview.svg, from the newest results.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../contestants/shardns.ts'
import { judge, reachedText } from '../goals.ts'
import { titleOf } from '../metrics.ts'
import { ratioSpread } from '../summary.ts'
import { newestReports } from './json.ts'
import { overview } from './overview.ts'
import type { Report } from './report.ts'
import { type TextTable, tableOf } from './rows.ts'
import { chart } from './svg.ts'
import { wrapMarkdown } from './wrap.ts'

const INTRODUCTION = `# Benchmarks

Written by \`npm run bench -- --write-docs\` from the newest results. The raw rounds stand in \`bench/results/\`, which git ignores.

![CPU time per query](benchmarks.svg)

![shardns beside CoreDNS and Unbound](overview.svg)

## How it is measured

dnsperf asks; nsd is the upstream of every server. The server has one CPU to itself; dnsperf, nsd and the suite share another. Each
server runs with one thread, a cache that holds all names, and no logging. The rounds are interleaved (A B C A B C), and the cache is
filled before each measurement. Figures are medians over the rounds; \`lost\` is the worst round. A ratio is taken within each round; what
is shown is the median of these ratios and, in brackets, the lowest and the highest.

CPU µs/q is the CPU time of all threads of the server, as the kernel's scheduler counts it, per answered query; user and system are split
by the kernel's clock ticks. It is the figure to compare servers by. q/s is what came through with dnsperf on one CPU: where \`cores busy\`
is well below 1, dnsperf was the limit, not the server. Latencies under full load mostly say how many queries were waiting (200; 500 over
TCP). A handful of lost queries is the burst at the start of a run: not every server lets its receive buffer be set, and the kernel's
default is small. The echoes answer nothing: they send each packet back, and stand for what the socket calls alone cost.

The cluster is a test API server on the load's CPU; every tenth service is headless, and half of all endpoints belong to one service in a
hundred. Start and memory are those of the built package with the usual Corefile of a cluster; \`until ready\` is from the start of the
process until /ready says yes, and the time that the API server takes to answer is a part of it. A change counts as seen when answers over
sixteen sockets at once are all right: that is every shard, but for one chance in 32,768. What answers cost is measured without the cache
plugin, with one shard from the sources, beside the cache hits of the same rounds.

Zone files are measured beside nsd, without cache: CPU and memory of nsd are those of all its processes, and what these share counts once.
`

const markdownTable = ({ head, rows }: TextTable): string => {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [
    line(head),
    `|${head.map((_, n) => (n === 0 ? '---' : '---:')).join('|')}|`,
    ...rows.map(line),
  ].join('\n')
}

const environment = (reports: readonly Report[]): string => {
  const latest = reports.toSorted((a, b) => a.when.localeCompare(b.when)).at(-1)
  if (latest === undefined) return ''
  const { machine } = latest
  const commands = [...new Set(reports.map(({ command }) => command))]
  const versions = Object.assign({}, ...reports.map(report => report.versions)) as Record<
    string,
    string
  >
  const dates = [...new Set(reports.map(({ when }) => when.slice(0, 10)))]
  return `## What it was measured on

- Date: ${dates.join(', ')}
- CPU: ${machine.cpu}, ${machine.cpuCount} of them; memory: ${machine.memoryMiB} MiB; kernel: ${machine.kernel}; Node ${machine.node}
- Versions: ${Object.entries(versions)
    .filter(
      ([name, version]) =>
        version !== '' &&
        !name.startsWith('echo') &&
        name !== 'dnsdist-nocache' &&
        name !== 'shardns-dgram',
    )
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}
- Command: ${commands.map(command => `\`${command}\``).join(', ')}
`
}

const goals = (reports: ReadonlyMap<string, Report>): string => {
  const results = new Map([...reports].map(([name, { outcome }]) => [name, outcome]))
  const rows = judge(results).map(({ goal, wanted, measured, isReached }) => [
    goal,
    wanted,
    measured,
    reachedText(isReached),
  ])
  return `## Goals\n\n${markdownTable({ head: ['goal', 'wanted', 'measured', 'reached'], rows })}\n`
}

interface Verdicts {
  readonly wins: string[]
  readonly losses: string[]
}

/** One line per scenario and side: which peers shardns is ahead of, and which it is behind. */
const addVerdicts = ({ wins, losses }: Verdicts, { outcome, compared, title }: Report): void => {
  if (compared === undefined) return
  const names = Object.keys(outcome.samples)
  const ours = names.find(isOurs)
  const ratios = names.flatMap(peer => {
    if (ours === undefined || isOurs(peer) || peer.startsWith('echo')) return []
    const ratio = ratioSpread(compared, [outcome, ours], [outcome, peer])
    return ratio === undefined
      ? []
      : [{ ratio: ratio.median, text: `${ratio.median.toFixed(2)} x ${peer}` }]
  })
  for (const [list, items] of [
    [wins, ratios.filter(({ ratio }) => ratio < 1)],
    [losses, ratios.filter(({ ratio }) => ratio >= 1)],
  ] as const) {
    if (items.length > 0)
      list.push(
        `- ${title} (${titleOf(compared)} of ${ours}): ${items.map(({ text }) => text).join(', ')}`,
      )
  }
}

const isOurs = (name: string): boolean => name.startsWith('shardns')

const verdicts = (reports: readonly Report[]): string => {
  const found: Verdicts = { wins: [], losses: [] }
  for (const report of reports) addVerdicts(found, report)
  const list = (items: readonly string[]): string =>
    items.length === 0 ? 'None.' : items.join('\n')
  const wins = `## Wins\n\nWhere shardns takes less than a peer:\n\n${list(found.wins)}\n`
  const losses = `## Losses\n\nWhere it takes more:\n\n${list(found.losses)}\n`
  return `${wins}\n${losses}`
}

const section = (report: Report): string => {
  const { outcome } = report
  const dropped = Object.entries(outcome.dropped).map(
    ([name, reason]) => `- Left out: ${name} (${reason}).`,
  )
  const remarks = [...dropped, ...outcome.notes.map(note => `- ${note}`)]
  return [
    `### ${report.title}`,
    `Scenario \`${report.scenario}\`, ${report.when.slice(0, 10)}, ${report.rounds} rounds of ${report.seconds} s.`,
    markdownTable(tableOf(report)),
    ...(remarks.length === 0 ? [] : [remarks.join('\n')]),
  ].join('\n\n')
}

/** Writes all of them; returns their paths. `order` names the scenarios as they are shown. */
export const writeDocs = (order: readonly string[]): string[] => {
  const found = newestReports()
  const reports = order.flatMap(name => found.get(name) ?? [])
  const text = [
    INTRODUCTION,
    environment(reports),
    goals(found),
    verdicts(reports),
    '## Figures\n',
    reports.map(section).join('\n\n'),
  ]
  const document = join(ROOT, 'docs', 'benchmarks.md')
  const picture = join(ROOT, 'docs', 'benchmarks.svg')
  writeFileSync(document, wrapMarkdown(text.join('\n')))
  writeFileSync(picture, chart(found))
  const summary = overview(found)
  if (summary === undefined) return [document, picture]
  const small = join(ROOT, 'docs', 'overview.svg')
  writeFileSync(small, summary)
  return [document, picture, small]
}
