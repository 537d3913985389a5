// What the figures should be, and whether they are.

import type { Outcome } from './bench.ts'
import { BUILT } from './contestants/built.ts'
import { NSD } from './contestants/zones.ts'
import type { Spread } from './measure/stats.ts'
import { TWO_SHARDS } from './scenarios/idle.ts'
import {
  ADDRESSES,
  CACHED,
  FOUR,
  HITS,
  NXDOMAIN,
  RECORDS,
  TWO,
} from './scenarios/kubernetes/names.ts'
import { LOG_SUFFIX } from './scenarios/log.ts'
import { REWRITE_SUFFIX } from './scenarios/rewrite.ts'
import { metricSpread, ratioSpread } from './summary.ts'

/** Outcomes by scenario. */
export type Results = ReadonlyMap<string, Outcome>

interface Goal {
  readonly text: string
  readonly limit: number
  readonly unit: string
  readonly isAtLeast?: boolean
  /** Undefined if it was not measured. */
  readonly figure: (results: Results) => Spread | undefined
}

export interface GoalResult {
  readonly goal: string
  readonly wanted: string
  readonly measured: string
  /** Undefined if it was not measured. */
  readonly isReached: boolean | undefined
}

export interface MeasuredGoal {
  readonly text: string
  readonly found: Spread
}

const ratio =
  (scenario: string, metric: string, ours: string, theirs: string, otherScenario = scenario) =>
  (results: Results): Spread | undefined =>
    ratioSpread(metric, [results.get(scenario), ours], [results.get(otherScenario), theirs])

const figure =
  (scenario: string, metric: string, contestant: string, scale = 1) =>
  (results: Results): Spread | undefined => {
    const found = metricSpread(results.get(scenario), contestant, metric)
    return found && { median: found.median * scale, min: found.min * scale, max: found.max * scale }
  }

/** The worst of several figures counts, not the median. */
const worst =
  (...figures: readonly ((results: Results) => Spread | undefined)[]) =>
  (results: Results): Spread | undefined => {
    const found = figures.flatMap(one => one(results) ?? [])
    if (found.length === 0) return undefined
    const max = Math.max(...found.map(spread => spread.max))
    return { median: max, min: Math.min(...found.map(spread => spread.min)), max }
  }

/** Growth and shrinking are both a difference. */
const distance =
  (one: (results: Results) => Spread | undefined) =>
  (results: Results): Spread | undefined => {
    const found = one(results)
    return found && { ...found, median: Math.abs(found.median) }
  }

/** A cluster of 10,000 services with 100,000 endpoints, unless the command line said otherwise. */
const KUBERNETES_GOALS: readonly Goal[] = [
  {
    text: 'cluster, 2 shards: start until ready',
    limit: 5000,
    unit: 'ms',
    figure: figure('kubernetes', 'syncMs', TWO),
  },
  {
    text: 'cluster, 2 shards: RSS',
    limit: 170,
    unit: 'MiB',
    figure: figure('kubernetes', 'rssMiB', TWO),
  },
  {
    text: 'cluster, 4 shards: RSS of that with 2',
    limit: 1.05,
    unit: 'x',
    figure: ratio('kubernetes', 'rssMiB', FOUR, TWO),
  },
  {
    text: 'cluster, 20 changes a second: until all shards answer by them, p99',
    limit: 200,
    unit: 'ms',
    figure: figure('kubernetes', 'seenP99Ms', TWO),
  },
  {
    text: 'cluster, RSS after the changes: growth',
    limit: 4,
    unit: 'MiB',
    figure: figure('kubernetes', 'churnGrownMiB', TWO),
  },
  {
    text: 'cluster, CPU per query of all services, without cache: of a cache hit',
    limit: 2,
    unit: 'x',
    figure: ratio('kubernetes', 'cpuUs', RECORDS, HITS),
  },
  {
    text: 'cluster, CPU per query of all services, without cache: of the same with cache',
    limit: 2,
    unit: 'x',
    figure: ratio('kubernetes', 'cpuUs', RECORDS, CACHED),
  },
  {
    text: 'cluster, CPU per query of services that are not headless, without cache: of a cache hit',
    limit: 2,
    unit: 'x',
    figure: ratio('kubernetes', 'cpuUs', ADDRESSES, HITS),
  },
  {
    text: 'cluster, CPU per query of NXDOMAIN for search paths, without cache: of a cache hit',
    limit: 2,
    unit: 'x',
    figure: ratio('kubernetes', 'cpuUs', NXDOMAIN, HITS),
  },
  {
    text: 'cluster, all names: lost',
    limit: 0,
    unit: 'queries',
    figure: figure('kubernetes', 'lost', TWO),
  },
  {
    text: 'cluster, all names: wrong',
    limit: 0,
    unit: 'queries',
    figure: figure('kubernetes', 'sweptWrong', TWO),
  },
]

const GOALS: readonly Goal[] = [
  {
    text: 'hits, CPU per query: of Unbound',
    limit: 0.92,
    unit: 'x',
    figure: ratio('hits', 'cpuUs', 'shardns', 'unbound'),
  },
  {
    text: "hits, CPU per query: of dnsdist's packet cache",
    limit: 0.85,
    unit: 'x',
    figure: ratio('hits', 'cpuUs', 'shardns', 'dnsdist'),
  },
  {
    text: 'hits, CPU per query: of a batch echo in the same engine',
    limit: 1.15,
    unit: 'x',
    figure: ratio('hits', 'cpuUs', 'shardns', 'echo-mmsg'),
  },
  {
    text: 'hits with EDNS, CPU per query: of hits without',
    limit: 1.05,
    unit: 'x',
    figure: ratio('edns', 'cpuUs', 'shardns', 'shardns', 'hits'),
  },
  {
    text: 'hits, q/s, one shard: of Unbound, one thread',
    limit: 1,
    unit: 'x',
    isAtLeast: true,
    figure: ratio('hits', 'qps', 'shardns', 'unbound'),
  },
  {
    text: 'hits, CPU per query, engine dgram: of a plain dgram echo',
    limit: 1.25,
    unit: 'x',
    figure: ratio('hits', 'cpuUs', 'shardns-dgram', 'echo-dgram'),
  },
  {
    text: 'misses, CPU per query: of dnsdist without cache',
    limit: 1.5,
    unit: 'x',
    figure: ratio('misses', 'cpuUs', 'shardns', 'dnsdist-nocache'),
  },
  {
    text: 'misses, CPU per query: of Unbound',
    limit: 0.6,
    unit: 'x',
    figure: ratio('misses', 'cpuUs', 'shardns', 'unbound'),
  },
  {
    text: 'TCP hits, 50 pipelined connections, CPU per query: of Unbound',
    limit: 1,
    unit: 'x',
    figure: ratio('tcp', 'cpuUs', 'shardns', 'unbound'),
  },
  {
    text: 'one client socket, 2 shards, --steer random: busiest shard of the other',
    limit: 1.1,
    unit: 'x',
    figure: figure('steer', 'imbalance', 'shardns-2-random'),
  },
  {
    text: 'p99 at half the saturation load: of Unbound',
    limit: 1.2,
    unit: 'x',
    figure: ratio('latency', 'p99Us', 'shardns', 'unbound'),
  },
  {
    text: 'RSS, 2 shards, 10,000 entries',
    limit: 95,
    unit: 'MiB',
    figure: figure('memory', 'filledMiB', `shardns${BUILT}${TWO_SHARDS}`),
  },
  {
    text: 'RSS after the long load: difference',
    limit: 4,
    unit: 'MiB',
    figure: distance(figure('memory', 'grownMiB', `shardns${BUILT}${TWO_SHARDS}`)),
  },
  {
    text: 'start to first answer, built package',
    limit: 130,
    unit: 'ms',
    figure: figure('start', 'startMs', `shardns${BUILT}`),
  },
  {
    text: 'TCP hits during a flood, p99: mmsg of dgram',
    limit: 1,
    unit: 'x',
    figure: ratio('prompt', 'tcpP99Us', 'shardns', 'shardns-dgram'),
  },
  {
    text: 'UDP misses during a flood, p99: mmsg of dgram',
    limit: 1,
    unit: 'x',
    figure: ratio('prompt', 'missP99Us', 'shardns', 'shardns-dgram'),
  },
  {
    text: 'TCP hits and UDP misses during a flood: longest wait',
    limit: 100,
    unit: 'ms',
    figure: worst(
      figure('prompt', 'tcpMaxUs', 'shardns', 0.001),
      figure('prompt', 'missMaxUs', 'shardns', 0.001),
    ),
  },
  {
    text: 'hits with log, CPU per query: of hits without',
    limit: 1.5,
    unit: 'x',
    figure: ratio('log', 'cpuUs', `shardns${LOG_SUFFIX}`, 'shardns'),
  },
  {
    text: 'hits with ten rewrite rules for other names, CPU per query: of hits without',
    limit: 1.05,
    unit: 'x',
    figure: ratio('rewrite', 'cpuUs', `shardns${REWRITE_SUFFIX}`, 'shardns'),
  },
  {
    text: 'zone of 100,000 records, CPU per query: of NSD',
    limit: 1.3,
    unit: 'x',
    figure: ratio('file', 'cpuUs', 'shardns', NSD),
  },
  {
    text: 'zone of 100,000 records, CPU per query of NXDOMAIN: of NSD',
    limit: 1.3,
    unit: 'x',
    figure: ratio('file-nxdomain', 'cpuUs', 'shardns', NSD),
  },
  {
    text: 'zone of 100,000 records, what it takes beyond one of 10,000: of NSD',
    limit: 1.5,
    unit: 'x',
    figure: ratio('file-memory', 'zoneMiB', 'shardns', NSD),
  },
  ...KUBERNETES_GOALS,
]

const show = ({ median, min, max }: Spread, unit: string): string => {
  const number = (value: number): string => value.toFixed(unit === 'x' ? 2 : 1)
  return min === max
    ? `${number(median)} ${unit}`
    : `${number(median)} ${unit} (${number(min)}..${number(max)})`
}

/** Those that these results say something about. */
export const measuredGoals = (results: Results): MeasuredGoal[] =>
  GOALS.flatMap(({ text, figure: measure }) => {
    const found = measure(results)
    return found === undefined ? [] : [{ text, found }]
  })

/** All goals, in order; `found` gives what was measured. */
export const judge = (found: (text: string) => Spread | undefined): GoalResult[] =>
  GOALS.map(({ text, limit, unit, isAtLeast = false }) => {
    const measured = found(text)
    return {
      goal: text,
      wanted: `${isAtLeast ? '>=' : '<='} ${limit} ${unit}`,
      measured: measured === undefined ? 'not measured' : show(measured, unit),
      isReached: measured && (isAtLeast ? measured.median >= limit : measured.median <= limit),
    }
  })

export const reachedText = (isReached: boolean | undefined): string =>
  isReached === undefined ? '-' : isReached ? 'yes' : 'NO'
