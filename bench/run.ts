// The bench suite: `npm run bench [-- SCENARIO ...]`.
//
// dnsperf asks shardns and every peer that is installed, each pinned to one CPU and dnsperf to
// another, in rounds: A B C A B C.
//
//   scenarios/    what is measured, each in a file; index.ts has their order
//   contestants/  who is measured: how each server is configured and started; one that cannot run
//                 is left out with the reason
//   load/         what is asked: query files, the upstream (nsd) with its zone, single questions
//   measure/      dnsperf's figures, CPU time and memory from /proc, medians and spreads
//   report/       the table, results/*.json with all raw rounds; figures.json, docs/benchmarks.md
//                 and the charts in docs (`--write-docs`)
//   echo/         programs that only send packets back: the floor
//   micro/        nanoseconds per operation of wire, cache and memory, milliseconds of the worst
//                 messages (`micro`)
//
// goals.ts and targets.ts say what the figures should be; compare.ts sets two revisions against
// each other (`--compare REF`); `--quick` shows what matters most in two minutes; `--help` names
// all options. Nothing outlives the suite: host/cleanup.ts ends what was started and removes what
// was written, also after an interrupt.

import type { Bench, Outcome, Scenario } from './bench.ts'
import { type Comparison, compareWith } from './compare.ts'
import { allContestants, BASELINE } from './contestants/index.ts'
import { judge, measuredGoals, type Results } from './goals.ts'
import { temporaryFolder, undoOnExit } from './host/cleanup.ts'
import { pinSelf, readPins } from './host/pins.ts'
import { APT_LINE, findProgram } from './host/programs.ts'
import { QueryFiles } from './load/queries.ts'
import { startUpstream, type Upstream } from './load/upstream.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import { saveReport } from './report/json.ts'
import { keep } from './report/kept.ts'
import { writeDocs } from './report/markdown.ts'
import { clearProgress, progress } from './report/progress.ts'
import { makeReport, type Report } from './report/report.ts'
import { goalsText, reportText, targetsText } from './report/table.ts'
import { COMPARED, SCENARIOS } from './scenarios/index.ts'
import { NOT_MEASURED, targetResults } from './targets.ts'

const EXIT_FAILURE = 1
const EXIT_USAGE = 2
const MICRO = 'micro'

const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** Throws if a name is not a scenario's. */
const chosen = ({ scenarios, compare, writeDocs: isWriting }: Options): readonly Scenario[] => {
  const unknown = scenarios.find(
    name => name !== MICRO && !SCENARIOS.some(scenario => scenario.name === name),
  )
  if (unknown !== undefined) {
    throw new Error(
      `there is no scenario '${unknown}'; there are ${[...SCENARIOS.map(({ name }) => name), MICRO].join(', ')}`,
    )
  }
  if (scenarios.length === 0 && isWriting) return []
  const names =
    scenarios.length > 0
      ? scenarios
      : compare === undefined
        ? SCENARIOS.map(({ name }) => name)
        : COMPARED
  return SCENARIOS.filter(
    ({ name, isComparable }) => names.includes(name) && (compare === undefined || isComparable),
  )
}

const missingTools = (): string[] =>
  ['dnsperf', 'nsd'].filter(name => findProgram(name) === undefined)

interface Opened {
  readonly bench: Bench
  readonly upstream: Upstream
}

const openBench = async (options: Options): Promise<Opened> => {
  const pins = readPins()
  const folder = temporaryFolder()
  const comparison: Comparison | undefined =
    options.compare === undefined ? undefined : compareWith(options.compare)
  const upstream = await startUpstream(folder, pins.load)
  pinSelf(pins)
  if (pins.all.length === 1)
    say('Only one CPU: servers and load share it, and the figures mean little.')
  if (findProgram('taskset') === undefined)
    say('taskset is not installed: nothing is pinned, and the figures mean little.')
  const contestants = (comparison?.contestants ?? allContestants(options.isBuilt)).filter(
    ({ name }) => options.only.length === 0 || options.only.includes(name),
  )
  const baselineOf = comparison?.baselineOf ?? (() => BASELINE)
  const queries = new QueryFiles(folder)
  const bench = {
    options,
    pins,
    folder,
    upstreamPort: upstream.port,
    queries,
    contestants,
    baselineOf,
    progress,
  }
  return { bench, upstream }
}

const announce = (bench: Bench, scenarios: readonly Scenario[]): void => {
  const minutes = scenarios.reduce((sum, scenario) => sum + scenario.estimate(bench), 0) / 60
  for (const { name, absent } of bench.contestants)
    if (absent !== undefined) say(`left out: ${name}: ${absent}`)
  say(
    `Servers on CPU ${bench.pins.servers[0]}, load on CPU ${bench.pins.load}. This takes about ${Math.ceil(minutes)} min.\n`,
  )
}

/** What the runs together say. */
const sayStanding = (reports: readonly Report[], results: Results): void => {
  const found = new Map(measuredGoals(results).map(goal => [goal.text, goal.found]))
  const goals = judge(text => found.get(text)).filter(({ isReached }) => isReached !== undefined)
  if (goals.length > 0) say(`${goalsText(goals)}\n`)
  const kept = Object.fromEntries(reports.map(report => [report.scenario, keep(report)]))
  const targets = targetResults(kept).filter(({ now }) => now !== NOT_MEASURED)
  if (targets.length > 0) say(`${targetsText(targets)}\nIn brackets: on 29 November 2026.\n`)
}

const measureAll = async (options: Options, scenarios: readonly Scenario[]): Promise<void> => {
  const { bench, upstream } = await openBench(options)
  announce(bench, scenarios)
  const results = new Map<string, Outcome>()
  const reports: Report[] = []
  for (const scenario of scenarios) {
    const outcome = await scenario.run(bench)
    clearProgress()
    results.set(scenario.name, outcome)
    const report = makeReport(bench, scenario, outcome)
    reports.push(report)
    say(reportText(report))
    saveReport(report, options.compare === undefined ? '' : 'compare-')
  }
  await upstream.stop()
  if (options.compare === undefined) sayStanding(reports, results)
}

const run = async (options: Options): Promise<number> => {
  const scenarios = chosen(options)
  if (scenarios.length > 0) {
    const missing = missingTools()
    if (missing.length > 0) {
      process.stderr.write(`bench: not installed: ${missing.join(', ')}. On Debian: ${APT_LINE}\n`)
      return EXIT_FAILURE
    }
    await measureAll(options, scenarios)
  }
  if (options.scenarios.includes(MICRO)) {
    // Only here: nothing else of the suite loads what it measures.
    const { runMicro } = await import('./micro/run.ts')
    await runMicro(say)
  }
  if (options.writeDocs)
    for (const path of writeDocs(SCENARIOS.map(({ name }) => name))) say(`wrote ${path}`)
  return 0
}

const main = async (): Promise<number> => {
  let options: Options
  try {
    options = readOptions(process.argv.slice(2))
    chosen(options)
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    return EXIT_USAGE
  }
  if (options.help) {
    say(`${USAGE}\nScenarios: ${[...SCENARIOS.map(({ name }) => name), MICRO].join(', ')}`)
    return 0
  }
  return run(options)
}

undoOnExit()
try {
  process.exit(await main())
} catch (error) {
  clearProgress()
  process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`)
  process.exit(EXIT_FAILURE)
}
