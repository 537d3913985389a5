// What starting, being ready and being there should cost, beside what it did before version 1.0 and
// beside what CoreDNS and Unbound take in the same runs.

import { BUILT } from './contestants/built.ts'
import type { KeptReport } from './report/kept.ts'
import { TWO_SHARDS } from './scenarios/idle.ts'
import { FOUR_SHARDS, ONE_SHARD } from './scenarios/memory.ts'

type Reports = Readonly<Record<string, KeptReport>>
type Find = (reports: Reports, contestant: string) => number | undefined

export interface Target {
  readonly what: string
  readonly unit: string
  readonly digits: number
  readonly scenario: string
  /** The contestant that stands for shardns. */
  readonly ours: string
  readonly find: Find
  /** Of shardns and of CoreDNS on 29 November 2026; '' where it was not measured. */
  readonly before: string
  readonly corednsBefore: string
  readonly limit?: number
}

const PACKAGE = `shardns${BUILT}`
const TWO = `${PACKAGE}${TWO_SHARDS}`
const NONE = { before: '', corednsBefore: '' }
const SECONDS = { unit: 's', digits: 2 }
const MS = { unit: 'ms', digits: 0 }
const MIB = { unit: 'MiB', digits: 0 }
const MICROSECONDS = { unit: 'µs', digits: 2 }

/** The median of a metric, in the unit that is shown. */
const of =
  (scenario: string, metric: string, scale = 1): Find =>
  (reports, contestant) => {
    const [median] = reports[scenario]?.figures[contestant]?.[metric] ?? []
    return median === undefined ? undefined : median * scale
  }

const row = (
  what: string,
  [scenario, metric, scale]: readonly [string, string, number?],
  rest: Omit<Target, 'what' | 'scenario' | 'find'>,
): Target => ({ what, scenario, find: of(scenario, metric, scale), ...rest })

/** Of the p99 in the first second, of CoreDNS's, round by round: only shardns has it. */
const ofCoredns: Find = (reports, contestant) =>
  contestant === PACKAGE ? reports['first-second']?.ratios[contestant]?.[0] : undefined

/** What each shard beyond the second takes. */
const perShard: Find = (reports, contestant) => {
  const after = of('memory', 'afterMiB')
  const [two, four] = [after(reports, TWO), after(reports, `${PACKAGE}${FOUR_SHARDS}`)]
  return contestant !== TWO || two === undefined || four === undefined
    ? undefined
    : (four - two) / 2
}

const START: readonly Target[] = [
  row('start to first answer, package', ['start', 'startMs'], {
    ...{ ...MS, ours: PACKAGE, before: '385', corednsBefore: '26', limit: 130 },
  }),
  row('… its CPU time', ['start', 'startCpuMs', 1e-3], {
    ...{ ...SECONDS, ours: PACKAGE, before: '0.57', corednsBefore: '0.02', limit: 0.18 },
  }),
  row('… the very first time', ['start', 'firstMs'], { ...MS, ours: PACKAGE, ...NONE }),
  row('… from a checkout', ['start', 'startMs'], {
    ...{ ...MS, ours: 'shardns', before: '690', corednsBefore: '' },
  }),
  row('… with a tenth of a CPU and 128 MiB', ['start-limited', 'startMs', 1e-3], {
    ...{ ...SECONDS, ours: PACKAGE, before: '4.0', corednsBefore: '0.4', limit: 1.3 },
  }),
  row('… and the very first time', ['start-limited', 'firstMs', 1e-3], {
    ...{ ...SECONDS, ours: PACKAGE, ...NONE },
  }),
  row('`check FILE`', ['commands', 'checkMs'], {
    ...{ ...MS, ours: PACKAGE, before: '140', corednsBefore: '', limit: 60 },
  }),
  row('`-version`', ['commands', 'versionMs'], {
    ...{ ...MS, ours: PACKAGE, before: '140', corednsBefore: '', limit: 60 },
  }),
  row('p99 of the first second at 5,000 q/s', ['first-second', 'firstP99Us', 1e-3], {
    ...{ unit: 'ms', digits: 1, ours: PACKAGE, before: '19–53', corednsBefore: '2–3' },
  }),
  {
    ...{ what: "… of CoreDNS's", unit: 'x', digits: 1, scenario: 'first-second', ours: PACKAGE },
    ...{ find: ofCoredns, before: '10–20', corednsBefore: '', limit: 3 },
  },
  row('p99 of the tenth second', ['first-second', 'tenthP99Us', 1e-3], {
    ...{ unit: 'ms', digits: 1, ours: PACKAGE, ...NONE },
  }),
  row('p99 of the first second over TCP', ['first-second', 'tcpFirstP99Us', 1e-3], {
    ...{ unit: 'ms', digits: 1, ours: PACKAGE, ...NONE },
  }),
]

const SYNC: readonly Target[] = [
  row('5,000 services, 20,000 endpoints: CPU until ready', ['sync', 'readyCpuMs', 1e-3], {
    ...{ ...SECONDS, ours: TWO, before: '2.9', corednsBefore: '0.4', limit: 0.9 },
  }),
  row('… ready after', ['sync', 'readyMs', 1e-3], {
    ...{ ...SECONDS, ours: TWO, before: '2.1', corednsBefore: '', limit: 0.9 },
  }),
  row('… RSS after a sweep of all names', ['sync', 'sweptMiB'], {
    ...{ ...MIB, ours: TWO, before: '149', corednsBefore: '115', limit: 115 },
  }),
  row('… highest RSS until then', ['sync', 'peakMiB'], {
    ...{ ...MIB, ours: TWO, before: '197', corednsBefore: '120–124', limit: 150 },
  }),
  row('… RSS after all was deleted', ['sync', 'emptiedMiB'], { ...MIB, ours: TWO, ...NONE }),
]

const REST: readonly Target[] = [
  row('RSS, one shard, after a load', ['memory', 'afterMiB'], {
    ...{ ...MIB, ours: `${PACKAGE}${ONE_SHARD}`, ...NONE },
  }),
  row('RSS, two shards, after a load', ['memory', 'afterMiB'], {
    ...{ ...MIB, ours: TWO, before: '104–125', corednsBefore: '', limit: 95 },
  }),
  {
    ...{ what: '… each further shard', ...MIB, scenario: 'memory', ours: TWO, find: perShard },
    ...{ ...NONE, limit: 15 },
  },
  row('idle, two shards, of a core', ['idle', 'idlePercent'], {
    ...{ unit: '%', digits: 2, ours: TWO, before: '2.2', corednsBefore: '0.15', limit: 0.3 },
  }),
  row('hosts file of 200,000 lines: start', ['hosts', 'startMs', 1e-3], {
    ...{ ...SECONDS, ours: PACKAGE, ...NONE },
  }),
  row('… RSS', ['hosts', 'rssMiB'], { ...MIB, ours: PACKAGE, ...NONE }),
  row('… CPU per answer', ['hosts', 'cpuUs'], { ...MICROSECONDS, ours: PACKAGE, ...NONE }),
  row('hits, CPU per answer', ['hits', 'cpuUs'], { ...MICROSECONDS, ours: 'shardns', ...NONE }),
  row('misses, CPU per answer', ['misses', 'cpuUs'], { ...MICROSECONDS, ours: 'shardns', ...NONE }),
  row('hits over TCP, CPU per answer', ['tcp', 'cpuUs'], {
    ...{ ...MICROSECONDS, ours: 'shardns', ...NONE },
  }),
]

export const TARGETS: readonly Target[] = [...START, ...SYNC, ...REST]

export const NOT_MEASURED = 'not measured'

export interface TargetResult {
  readonly what: string
  readonly scenario: string
  readonly before: string
  readonly now: string
  readonly goal: string
  readonly isReached: boolean | undefined
  readonly coredns: string
  readonly unbound: string
}

/** What older runs told stands in brackets: it was not measured beside the rest. */
const older = (figure: string): string => (figure === '' ? '' : `(${figure})`)

export const targetResults = (reports: Reports): TargetResult[] =>
  TARGETS.map(target => {
    const { what, unit, digits, scenario, ours, find, before, corednsBefore, limit } = target
    const text = (value: number | undefined): string =>
      value === undefined ? '' : `${value.toFixed(digits)} ${unit}`
    const now = find(reports, ours)
    return {
      ...{ what, scenario, before: older(before === '' ? '' : `${before} ${unit}`) },
      now: now === undefined ? NOT_MEASURED : text(now),
      goal: limit === undefined ? '' : `<= ${limit} ${unit}`,
      isReached: limit === undefined || now === undefined ? undefined : now <= limit,
      coredns:
        text(find(reports, 'coredns')) ||
        older(corednsBefore === '' ? '' : `${corednsBefore} ${unit}`),
      unbound: text(find(reports, 'unbound')),
    }
  })
