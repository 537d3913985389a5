// The trust campaign: `npm run trust`.
//
// Attacks on a server of its own, over loopback, one after the other, each seeded and bounded in
// count and time, and judged against a bar.
//
//   rows/       what is tried, by subject; index.ts has their order, untried.ts what is left out
//   bars.ts     what is asked
//   attacks/    the attackers: each runs in a thread of its own, so that they and the healthy
//               client do not wait for each other
//   own-host.ts rows that ask from many addresses: each in a network namespace of its own
//   target.ts   the server as a child process; limits.ts keeps it in 170 MiB, or a share of a CPU
//   upstream.ts the upstream, good or hostile: the name that it is asked for says which
//   judge.ts    an independent look at replies
//   report.ts   lines while it runs, and docs/trust.md
//
// `--help` names the options. Nothing outlives the campaign: what a row starts ends with it.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { ROOT, readRepositoryFile } from '../support/source-files.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import { type Conditions, lineOf, markdown, type Result, updated } from './report.ts'
import { type Row, verdictOf } from './row.ts'
import { ROWS } from './rows/index.ts'
import { closeRows, tryRow } from './try-row.ts'

const DOCUMENT = 'docs/trust.md'
const EXIT_FELL_SHORT = 1
const EXIT_USAGE = 2
const EXIT_INTERRUPTED = 130

const say = (text: string): void => void process.stdout.write(`${text}\n`)

const revision = (): string => {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: ROOT,
      encoding: 'utf8',
    }).trim()
  } catch {
    return 'no revision'
  }
}

const conditions = ({ seed, scale }: Options): Conditions => ({
  version: (JSON.parse(readRepositoryFile('package.json')) as { version: string }).version,
  revision: revision(),
  node: process.versions.node,
  cpus: availableParallelism(),
  seed,
  scale,
  date: new Date().toISOString().slice(0, 10),
})

/** Throws if a name is neither a row's nor a bar's. */
const chosen = ({ only, isShort }: Options): readonly Row[] => {
  const unknown = only.find(name => !ROWS.some(row => row.name === name || row.bar === name))
  if (unknown !== undefined) throw new Error(`there is no row '${unknown}'; --list names them`)
  return ROWS.filter(row =>
    only.length === 0 ? !isShort || row.isShort : only.includes(row.name) || only.includes(row.bar),
  )
}

const run = async (options: Options): Promise<number> => {
  const results: Result[] = []
  for (const row of chosen(options)) {
    const startMs = performance.now()
    const figure = await tryRow(row, options)
    const result = { row, figure, seconds: (performance.now() - startMs) / 1000 }
    results.push(result)
    say(lineOf(result))
  }
  const short = results.filter(({ figure }) => verdictOf(figure) === 'falls short')
  say(
    `\n${results.length} rows, ${short.length} fall short${short.map(({ row }) => `\n  ${row.bar} ${row.name}`).join('')}`,
  )
  if (options.write || options.update) {
    const document = options.update
      ? updated(readRepositoryFile(DOCUMENT), results, revision())
      : markdown(results, conditions(options))
    writeFileSync(join(ROOT, DOCUMENT), document)
    say(`wrote ${DOCUMENT}`)
  }
  return short.length === 0 ? 0 : EXIT_FELL_SHORT
}

const main = (): Promise<number> | number => {
  let options: Options
  try {
    options = readOptions(process.argv.slice(2))
    chosen(options)
  } catch (error) {
    process.stderr.write(`trust: ${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    return EXIT_USAGE
  }
  if (options.help) say(USAGE)
  else if (options.list)
    for (const { bar, name, tried } of ROWS) say(`${bar.padEnd(6)} ${name.padEnd(22)} ${tried}`)
  else return run(options)
  return 0
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void closeRows().finally(() => process.exit(EXIT_INTERRUPTED)))
}
process.exit(await main())
