// bench/figures.json: what the documents and charts show, of the newest run of each scenario. The
// raw rounds stay in bench/results/, which git ignores; a scenario that is not measured again keeps
// what it had.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { measuredGoals } from '../goals.ts'
import type { Spread } from '../measure/stats.ts'
import { metricSpread, ratioSpread } from '../summary.ts'
import type { Report } from './report.ts'

const FILE = join(import.meta.dirname, '..', 'figures.json')
const DIGITS = 5

/** Median, lowest, highest. */
export type Triple = readonly [number, number, number]

export interface KeptReport
  extends Pick<
    Report,
    'scenario' | 'title' | 'columns' | 'when' | 'command' | 'rounds' | 'seconds' | 'versions'
  > {
  readonly compared?: string
  /** For a heading: whose figures the others' are divided by. */
  readonly baseline: string
  readonly machine: Pick<Report['machine'], 'kernel' | 'cpu' | 'cpuCount' | 'memoryMiB' | 'node'>
  /** By contestant and metric. */
  readonly figures: Readonly<Record<string, Readonly<Record<string, Triple>>>>
  /** Of the compared metric, of the baseline's, round by round. */
  readonly ratios: Readonly<Record<string, Triple>>
  /** Of the compared metric, the first shardns's of each peer's: the median. */
  readonly against: Readonly<Record<string, number>>
  readonly dropped: Readonly<Record<string, string>>
  readonly notes: readonly string[]
}

export interface Kept {
  readonly reports: Readonly<Record<string, KeptReport>>
  /** By the goal's text. */
  readonly goals: Readonly<Record<string, Triple>>
}

const round = (value: number): number => Number(value.toPrecision(DIGITS))
const tripleOf = ({ median, min, max }: Spread): Triple => [round(median), round(min), round(max)]

const entries = <T>(names: readonly string[], find: (name: string) => T | undefined) =>
  Object.fromEntries(
    names.flatMap(name => {
      const found = find(name)
      return found === undefined ? [] : [[name, found] as const]
    }),
  ) as Record<string, T>

export const isOurs = (name: string): boolean => name.startsWith('shardns')
/** Neither shardns nor a floor. */
const isPeer = (name: string): boolean => !isOurs(name) && !name.startsWith('echo')

const baselineTitle = ({ baselines }: Report): string => {
  const all = [...new Set(Object.values(baselines))]
  return all.length === 1 ? (all[0] ?? '') : 'baseline'
}

export const keep = (report: Report): KeptReport => {
  const { outcome, compared, baselines, machine } = report
  const names = Object.keys(outcome.samples)
  const hasWrong = names.some(name => (metricSpread(outcome, name, 'wrong')?.max ?? 0) > 0)
  const columns = [...report.columns, ...(hasWrong ? ['wrong'] : [])].filter(metric =>
    names.some(name => metricSpread(outcome, name, metric) !== undefined),
  )
  const ratio = (name: string, other: string): Spread | undefined =>
    compared === undefined ? undefined : ratioSpread(compared, [outcome, name], [outcome, other])
  const spreadOf = (found: Spread | undefined) => found && tripleOf(found)
  const ours = names.find(isOurs)
  const { kernel, cpu, cpuCount, memoryMiB, node } = machine
  const { scenario, title, when, command, rounds, seconds, versions } = report
  return {
    ...{ scenario, title, columns, ...(compared === undefined ? {} : { compared }) },
    ...{ when, command, rounds, seconds, versions, baseline: baselineTitle(report) },
    machine: { kernel, cpu, cpuCount, memoryMiB, node },
    figures: entries(names, name =>
      entries(columns, metric => spreadOf(metricSpread(outcome, name, metric))),
    ),
    ratios: entries(names, name => spreadOf(ratio(name, baselines[name] ?? ''))),
    against: entries(names.filter(isPeer), peer => {
      const found = ours === undefined ? undefined : ratio(ours, peer)
      return found && round(found.median)
    }),
    dropped: outcome.dropped,
    notes: outcome.notes,
  }
}

/** What is newer takes the place of what was kept. */
export const withNewer = (kept: Kept, reports: readonly Report[]): Kept => {
  const newer = reports.filter(({ scenario, when }) => when > (kept.reports[scenario]?.when ?? ''))
  const outcomes = new Map(newer.map(({ scenario, outcome }) => [scenario, outcome]))
  const goals = measuredGoals(outcomes).map(({ text, found }) => [text, tripleOf(found)] as const)
  return {
    reports: {
      ...kept.reports,
      ...Object.fromEntries(newer.map(report => [report.scenario, keep(report)] as const)),
    },
    goals: { ...kept.goals, ...Object.fromEntries(goals) },
  }
}

export const readKept = (): Kept => JSON.parse(readFileSync(FILE, 'utf8')) as Kept

/** A line for each contestant. Returns the path. */
export const writeKept = (kept: Kept): string => {
  const text = JSON.stringify(kept, undefined, 1).replaceAll(
    /\[\s+([-\d.e+]+),\s+([-\d.e+]+),\s+([-\d.e+]+)\s+\]/g,
    '[$1, $2, $3]',
  )
  writeFileSync(FILE, `${text}\n`)
  return FILE
}
