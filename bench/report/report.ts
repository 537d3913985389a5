// A scenario's result as it is printed and kept: the raw rounds and everything that they depend on.

import type { Bench, Outcome, Scenario } from '../bench.ts'
import { type Machine, readMachine } from '../host/machine.ts'
import { askVersion, findProgram } from '../host/programs.ts'

export interface Report {
  readonly scenario: string
  readonly title: string
  readonly columns: readonly string[]
  readonly compared: string | undefined
  /** ISO 8601. */
  readonly when: string
  readonly command: string
  readonly rounds: number
  readonly seconds: number
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  /** By contestant: whose figures its own are divided by. */
  readonly baselines: Readonly<Record<string, string>>
  readonly outcome: Outcome
}

/** As it is typed again; what only says how the run went is left out. */
export const commandLine = (argv: readonly string[]): string => {
  const words = argv.filter(
    (word, n) => !/^--(note(=|$)|write-docs$)/.test(word) && argv[n - 1] !== '--note',
  )
  return ['npm run bench', ...(words.length > 0 ? ['--', ...words] : [])].join(' ')
}

export const makeReport = (bench: Bench, scenario: Scenario, outcome: Outcome): Report => {
  const present = bench.contestants.filter(({ absent }) => absent === undefined)
  const names = Object.keys(outcome.samples)
  const baselineOf =
    bench.options.compare === undefined
      ? (scenario.baselineOf ?? bench.baselineOf)
      : bench.baselineOf
  const { note } = bench.options
  const tools = ['dnsperf', 'nsd'].map(name => [
    name,
    askVersion(findProgram(name) ?? name, [name === 'nsd' ? '-v' : '-h']),
  ])
  return {
    scenario: scenario.name,
    title: scenario.title,
    columns: scenario.columns,
    compared: scenario.compared,
    when: new Date().toISOString(),
    command: commandLine(process.argv.slice(2)),
    rounds: bench.options.rounds,
    seconds: bench.options.seconds,
    machine: readMachine(),
    versions: Object.fromEntries([
      ...tools,
      ...present.map(({ name, version }) => [name, version]),
    ]) as Record<string, string>,
    baselines: Object.fromEntries(names.flatMap(name => [[name, baselineOf(name) ?? '']])),
    outcome: note === undefined ? outcome : { ...outcome, notes: [...outcome.notes, note] },
  }
}
