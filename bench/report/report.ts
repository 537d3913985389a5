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

export const commandLine = (): string =>
  ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' ')

export const makeReport = (bench: Bench, scenario: Scenario, outcome: Outcome): Report => {
  const present = bench.contestants.filter(({ absent }) => absent === undefined)
  const names = Object.keys(outcome.samples)
  const baselineOf =
    bench.options.compare === undefined
      ? (scenario.baselineOf ?? bench.baselineOf)
      : bench.baselineOf
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
    command: commandLine(),
    rounds: bench.options.rounds,
    seconds: bench.options.seconds,
    machine: readMachine(),
    versions: Object.fromEntries([
      ...tools,
      ...present.map(({ name, version }) => [name, version]),
    ]) as Record<string, string>,
    baselines: Object.fromEntries(names.flatMap(name => [[name, baselineOf(name) ?? '']])),
    outcome,
  }
}
