// The results of the rows: lines while they run, and docs/trust.md.

import { BARS } from './bars.ts'
import { type Figure, type Row, type Verdict, verdictOf } from './row.ts'
import { UNTRIED } from './rows/untried.ts'

export interface Result {
  readonly row: Row
  readonly figure: Figure
  readonly seconds: number
}

export const lineOf = ({ row, figure, seconds }: Result): string => {
  const faults = figure.faults.length === 0 ? '' : `\n    ${figure.faults.join('\n    ')}`
  return `${verdictOf(figure).padEnd(11)} ${row.bar.padEnd(6)} ${row.name} (${seconds.toFixed(0)} s)\n    ${figure.figure}${faults}`
}

interface Line {
  readonly bar: string
  readonly tried: string
  readonly figure: string
  readonly verdict: Verdict
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')

const lineFor = ({ row, figure }: Result): Line => ({
  bar: row.bar,
  tried: `**${row.name}**: ${row.tried}`,
  figure: [figure.figure, ...figure.faults.map(fault => `**${fault}**`)].join('. '),
  verdict: verdictOf(figure),
})

const linesOf = (results: readonly Result[]): Line[] =>
  Object.keys(BARS).flatMap(bar => {
    const own = results.filter(({ row }) => row.bar === bar)
    if (own.length === 0)
      return [
        {
          bar,
          tried: '–',
          figure: UNTRIED[bar] ?? 'not in this run',
          verdict: 'not tried' as const,
        },
      ]
    return own.map(lineFor)
  })

const cellsOf = ({ tried, figure, verdict }: Line): string =>
  `${cell(tried)} | ${cell(figure)} | ${verdict} |`

const table = (lines: readonly Line[]): string[] => {
  let last = ''
  return lines.map(line => {
    const { bar } = line
    const head = bar === last ? '| |' : `| ${bar} | ${cell(BARS[bar] ?? '')}`
    last = bar
    return `${head} | ${cellsOf(line)}`
  })
}

const counted = (verdicts: readonly string[]): string => {
  const count = (verdict: Verdict): number => verdicts.filter(each => each === verdict).length
  return `${verdicts.length} rows: ${count('holds')} hold, ${count('falls short')} fall short, ${count('not tried')} not tried.`
}

/** Whether a line of the document is the row's. */
const isOf = ({ row }: Result, line: string): boolean => line.includes(` | **${row.name}**: `)

/** Behind the last line of a bar, whose first is there. */
const behind = (lines: readonly string[], first: number): number => {
  let end = first + 1
  while (lines[end]?.startsWith('| | | ')) end++
  return end
}

const firstOf = (lines: readonly string[], bar: string): number =>
  lines.findIndex(line => line.startsWith(`| ${bar} |`))

/**
 * The document with a line for each result that it does not know: behind its bar's others, in place
 * of one that says why the bar was not tried, or where a bar that it does not know belongs.
 */
const withLines = (lines: readonly string[], results: readonly Result[]): string[] => {
  const whole = [...lines]
  for (const { row } of results.filter(each => !lines.some(line => isOf(each, line)))) {
    const first = firstOf(whole, row.bar)
    const head = `| ${row.bar} | ${cell(BARS[row.bar] ?? '')} | **${row.name}**: `
    if (first < 0) {
      const bars = Object.keys(BARS)
      const earlier = bars.slice(0, bars.indexOf(row.bar)).map(bar => firstOf(whole, bar))
      whole.splice(behind(whole, Math.max(...earlier)), 0, head)
    } else if (whole[first]!.includes(' | – | ')) whole[first] = head
    else whole.splice(behind(whole, first), 0, `| | | **${row.name}**: `)
  }
  return whole
}

/**
 * The document with the rows of these results in place of what it said of them, each with the
 * revision that it was tried at.
 */
export const updated = (document: string, results: readonly Result[], revision: string): string => {
  const lines = withLines(document.split('\n'), results).map(line => {
    const result = results.find(each => isOf(each, line))
    if (result === undefined) return line
    const fresh = lineFor(result)
    const head = line.slice(0, line.indexOf(' | **'))
    return `${head} | ${cellsOf({ ...fresh, figure: `(${revision}) ${fresh.figure}` })}`
  })
  const verdicts = lines.flatMap(
    line => / \| (holds|falls short|not tried) \|$/.exec(line)?.[1] ?? [],
  )
  return lines.join('\n').replace(/\d+ rows: \d+ hold, .*$/m, counted(verdicts))
}

export interface Conditions {
  readonly version: string
  readonly revision: string
  readonly node: string
  readonly cpus: number
  readonly seed: number
  readonly scale: number
  readonly date: string
}

export const markdown = (
  results: readonly Result[],
  { version, revision, node, cpus, seed, scale, date }: Conditions,
): string => {
  const lines = linesOf(results)
  return [
    '# Trust, attacked',
    '',
    'Attacks on the server, and their results. Written by `npm run trust`; a short form of some rows',
    'runs with `npm test`. [security.md](security.md) says who could attack in these ways, and what is',
    'left to others.',
    '',
    `shardns ${version} (${revision}), Node ${node}, ${cpus} CPUs shared by server, attackers, clients`,
    `and upstream, ${date}, seed ${seed}, scale ${scale}.`,
    counted(lines.map(({ verdict }) => verdict)),
    '',
    'The healthy client asks 200 known names a second over UDP, unless a row says otherwise. *Late* is',
    'an answer that took more than 2 s. *Lost* is one that did not come within 7 s to a question that was',
    'asked twice. All of it ran on one machine: compare latencies by their ratio only. *Stock memory',
    'limit* is 170 MiB, the limit of the stock CoreDNS Deployment.',
    '',
    '| bar | what it asks | tried | figure | verdict |',
    '|---|---|---|---|---|',
    ...table(lines),
    '',
  ].join('\n')
}
