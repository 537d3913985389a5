// docs/benchmarks.md as text: from what is kept of all runs. What other hands wrote there, sections
// with a heading that is not one of ours, stays where it stood.

import { judge, reachedText } from '../goals.ts'
import { titleOf } from '../metrics.ts'
import { targetResults } from '../targets.ts'
import { INTRODUCTION } from './introduction.ts'
import { isOurs, type Kept, type KeptReport } from './kept.ts'
import { type TextTable, tableOf } from './rows.ts'
import { wrapMarkdown } from './wrap.ts'

const markdownTable = ({ head, rows }: TextTable): string => {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [
    line(head),
    `|${head.map((_, n) => (n === 0 ? '---' : '---:')).join('|')}|`,
    ...rows.map(line),
  ].join('\n')
}

interface Section {
  readonly heading: string
  readonly text: string
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)]

const dateOf = ({ when }: KeptReport): string => when.slice(0, 10)

const targets = ({ reports }: Kept): Section => {
  const results = targetResults(reports)
  const used = unique(results.map(({ scenario }) => scenario)).flatMap(name => reports[name] ?? [])
  const runOf = (report: KeptReport): string => `\`${report.command}\` (${dateOf(report)})`
  const commands = unique(used.map(runOf)).map(
    run =>
      `- ${run}: ${used
        .filter(report => runOf(report) === run)
        .map(({ scenario }) => scenario)
        .join(', ')}`,
  )
  const table = markdownTable({
    head: ['', 'before', 'now', 'goal', 'reached', 'CoreDNS', 'Unbound', 'scenario'],
    rows: results.map(result => [
      ...[result.what, result.before, result.now, result.goal],
      result.goal === '' ? '' : reachedText(result.isReached),
      ...[result.coredns, result.unbound, result.scenario],
    ]),
  })
  const note = `Figures in brackets are of 29 November 2026: shardns before its package was made for a quick start, and CoreDNS beside it. They were not measured in the runs of the other columns. All others are medians, each line of one run. The commands:`
  return {
    heading: 'Start, first seconds, memory and rest',
    text: [table, note, commands.length === 0 ? 'None yet.' : commands.join('\n')].join('\n\n'),
  }
}

const HIDDEN = new Set(['dnsdist-nocache', 'shardns-dgram'])

const environment = ({ reports }: Kept): Section => {
  const all = Object.values(reports).toSorted((a, b) => a.when.localeCompare(b.when))
  const versions = Object.assign({}, ...all.map(report => report.versions)) as Record<
    string,
    string
  >
  const named = Object.entries(versions).filter(
    ([name, version]) => version !== '' && !name.startsWith('echo') && !HIDDEN.has(name),
  )
  const machineOf = ({ machine: { cpu, cpuCount, memoryMiB, kernel, node } }: KeptReport) =>
    `${cpu}, ${cpuCount} of them; memory: ${memoryMiB} MiB; kernel: ${kernel}; Node ${node}`
  const machines = unique(all.map(machineOf)).map(machine => {
    const dates = all.filter(report => machineOf(report) === machine).map(dateOf)
    return `- ${unique(dates).join(', ')}: ${machine}`
  })
  return {
    heading: 'What it was measured on',
    text: [
      'By the date that each table has. Compare within a table, not between dates.',
      `${machines.join('\n')}
- Versions, of the newest run of each: ${named.map(pair => pair.join(' ')).join(', ')}`,
    ].join('\n\n'),
  }
}

const goals = (kept: Kept): Section => {
  const rows = judge(text => {
    const found = kept.goals[text]
    return found && { median: found[0], min: found[1], max: found[2] }
  }).map(({ goal, wanted, measured, isReached }) => [
    goal,
    wanted,
    measured,
    reachedText(isReached),
  ])
  return {
    heading: 'Goals',
    text: markdownTable({ head: ['goal', 'wanted', 'measured', 'reached'], rows }),
  }
}

/** One line per scenario: the peers that shardns is ahead of, or behind. */
const verdicts = (reports: readonly KeptReport[], isMeant: (ratio: number) => boolean): string => {
  const lines = reports.flatMap(({ title, compared, figures, against }) => {
    const items = Object.entries(against)
      .filter(([, ratio]) => isMeant(ratio))
      .map(([peer, ratio]) => `${ratio.toFixed(2)} x ${peer}`)
    const ours = Object.keys(figures).find(isOurs)
    return compared === undefined || items.length === 0
      ? []
      : [`- ${title} (${titleOf(compared)} of ${ours}): ${items.join(', ')}`]
  })
  return lines.length === 0 ? 'None.' : lines.join('\n')
}

const figures = (report: KeptReport): string => {
  const dropped = Object.entries(report.dropped).map(
    ([name, reason]) => `- Left out: ${name} (${reason}).`,
  )
  const remarks = [...dropped, ...report.notes.map(note => `- ${note}`)]
  const { scenario, rounds, seconds, command } = report
  return [
    `### ${report.title}`,
    `Scenario \`${scenario}\`, ${dateOf(report)}, ${rounds} rounds of ${seconds} s: \`${command}\`.`,
    markdownTable(tableOf(report)),
    ...(remarks.length === 0 ? [] : [remarks.join('\n')]),
  ].join('\n\n')
}

const ownSections = (kept: Kept, order: readonly string[]): Section[] => {
  const reports = order.flatMap(name => kept.reports[name] ?? [])
  const wins = verdicts(reports, ratio => ratio < 1)
  const losses = verdicts(reports, ratio => ratio >= 1)
  return [
    targets(kept),
    environment(kept),
    goals(kept),
    { heading: 'Wins', text: `Where shardns takes less than a peer:\n\n${wins}` },
    { heading: 'Losses', text: `Where it takes more:\n\n${losses}` },
    { heading: 'Figures', text: reports.map(figures).join('\n\n') },
  ]
}

/** What comes before the first is left out: it is ours. */
const sectionsOf = (page: string): Section[] =>
  page
    .split(/^## /m)
    .slice(1)
    .map(text => {
      const [heading = '', ...lines] = text.split('\n')
      return { heading, text: lines.join('\n').trim() }
    })

/** The introduction's. */
const MEASURED = 'How it is measured'

/**
 * `order` names the scenarios as they are shown; `page` is what stands there now, for the sections
 * of others.
 */
export const benchmarksPage = (kept: Kept, order: readonly string[], page: string): string => {
  const own = ownSections(kept, order)
  const shown = [...own]
  let before = MEASURED
  for (const section of sectionsOf(page)) {
    const { heading } = section
    if (heading !== MEASURED && own.every(other => other.heading !== heading))
      shown.splice(shown.findIndex(other => other.heading === before) + 1, 0, section)
    before = heading
  }
  const texts = shown.map(({ heading, text }) => `## ${heading}\n\n${text}`)
  return wrapMarkdown([INTRODUCTION, ...texts].join('\n\n'))
}
