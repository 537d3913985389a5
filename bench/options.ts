// The command line of the suite.

import { parseArgs } from 'node:util'

export interface Options {
  /** Names of scenarios; none is all. */
  readonly scenarios: readonly string[]
  readonly rounds: number
  /**
   * How often the servers of a load are started anew, each time for so many rounds. What V8 makes
   * of the same sources differs from start to start by some percent: more than two revisions do.
   */
  readonly starts: number
  readonly seconds: number
  /** Names of contestants; none is all. */
  readonly only: readonly string[]
  /** A git revision to compare this checkout with. */
  readonly compare: string | undefined
  readonly writeDocs: boolean
  /** Queries of the memory scenario's long run. */
  readonly memoryQueries: number
  /** Of the kubernetes scenario's cluster. */
  readonly services: number
  readonly churnSeconds: number
  /** Of the scenario idle. */
  readonly idleSeconds: number
  /** Few contestants, few scenarios, short measurements. */
  readonly isQuick: boolean
  /** The package takes the place of the sources under load. */
  readonly isBuilt: boolean
  /** Stands with each table: what disturbed the run, for example. */
  readonly note: string | undefined
  readonly help: boolean
}

export const USAGE = `Usage: npm run bench [-- SCENARIO ...] [OPTION ...]

  --rounds N          rounds, interleaved: A B C A B C (default 5)
  --starts N          how often the servers of a load are started anew (default 1; 6 with --compare)
  --seconds N         seconds of each measurement (default 5)
  --only NAME,...     these contestants only (shardns, shardns-dgram, unbound, dnsdist, ...)
  --compare REF       this checkout against another revision, instead of against peers
  --write-docs        write docs/benchmarks.md and the charts in docs from the newest results; measures only the scenarios named
  --memory-queries N  queries of the memory scenario's long run (default 10000000)
  --services N        services of the kubernetes scenario's cluster, with ten times as many endpoints (default 10000)
  --churn-seconds N   how long the kubernetes scenario's cluster changes (default 30)
  --idle-seconds N    how long the scenario idle looks at servers that do nothing (default 30)
  --quick             two minutes: shardns, CoreDNS and Unbound, one short round of what matters most
  --built             shardns under load from the built package, as it is installed, not from its sources
  --note TEXT         a remark that stands with each table of this run
  --help              this text

The scenario \`micro\` runs the micro benches of wire, cache and memory, and the worst messages.
`

const positive = (name: string, text: string, isWhole: boolean): number => {
  const value = Number(text)
  if (!(value > 0) || (isWhole && !Number.isInteger(value)))
    throw new Error(`--${name}: expected a positive number, not '${text}'`)
  return value
}

/** What `--quick` stands for; what else is said counts more. */
const QUICK = {
  scenarios: ['hits', 'misses', 'tcp', 'start', 'first-second', 'memory', 'idle', 'commands'],
  rounds: '1',
  seconds: '1',
  only: ['shardns', 'unbound', 'coredns'],
  memoryQueries: '200000',
  idleSeconds: '8',
}
const USUAL = {
  scenarios: [],
  rounds: '5',
  seconds: '5',
  only: [],
  memoryQueries: '10000000',
  idleSeconds: '30',
}

const COMPARED_STARTS = '6'

/** Throws with what is wrong. */
export const readOptions = (argv: readonly string[]): Options => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      starts: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string', multiple: true },
      compare: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
      'memory-queries': { type: 'string' },
      services: { type: 'string', default: '10000' },
      'churn-seconds': { type: 'string', default: '30' },
      'idle-seconds': { type: 'string' },
      quick: { type: 'boolean', default: false },
      built: { type: 'boolean', default: false },
      note: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const usual = values.quick ? QUICK : USUAL
  const only = values.only ?? usual.only
  return {
    scenarios: positionals.length > 0 ? positionals : usual.scenarios,
    rounds: positive('rounds', values.rounds ?? usual.rounds, true),
    starts: positive(
      'starts',
      values.starts ?? (values.compare === undefined ? '1' : COMPARED_STARTS),
      true,
    ),
    seconds: positive('seconds', values.seconds ?? usual.seconds, false),
    only: only.flatMap(text => text.split(',')).filter(name => name !== ''),
    compare: values.compare,
    writeDocs: values['write-docs'],
    memoryQueries: positive(
      'memory-queries',
      values['memory-queries'] ?? usual.memoryQueries,
      true,
    ),
    services: positive('services', values.services, true),
    churnSeconds: positive('churn-seconds', values['churn-seconds'], true),
    idleSeconds: positive('idle-seconds', values['idle-seconds'] ?? usual.idleSeconds, false),
    isQuick: values.quick,
    isBuilt: values.built,
    note: values.note,
    help: values.help,
  }
}
