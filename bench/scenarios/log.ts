// What the log plugin costs: the same hits with a line per query on a pipe that somebody drains,
// and without.

import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench, Scenario } from '../bench.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { type Running, start } from '../contestants/start.ts'
import { Child } from '../host/child.ts'
import { LOAD_COLUMNS } from '../metrics.ts'
import { inShape, shardnsOf } from './casts.ts'
import { interleave } from './interleave.ts'
import { USUAL_CLIENTS } from './loads.ts'
import { exercise, type Load, measureLoad, warm } from './measure-load.ts'

const SETUP_SECONDS = 4
export const LOG_SUFFIX = '-log'

const castOf = (bench: Bench): Contestant[] =>
  shardnsOf(bench).flatMap(contestant => [
    contestant,
    ...inShape([contestant], LOG_SUFFIX, { directives: ['log'] }),
  ])

/** Its standard output is a pipe to a `cat` on the load's CPU that throws it away. */
const startDrained = async (
  contestant: Contestant,
  bench: Bench,
  drains: Child[],
): Promise<Running> => {
  const pipe = join(bench.folder, `pipe-${contestant.name.replaceAll(/\W/g, '-')}`)
  if (spawnSync('mkfifo', [pipe]).status !== 0) throw new Error('mkfifo failed')
  const drain = new Child('sh', ['-c', 'exec cat "$0" >/dev/null', pipe], {
    cpus: [bench.pins.load],
  })
  drains.push(drain)
  // For reading too, so that opening does not wait for the other side.
  const fd = openSync(pipe, constants.O_RDWR)
  try {
    return await start(contestant, bench, fd)
  } finally {
    closeSync(fd)
  }
}

export const log: Scenario = {
  name: 'log',
  title: 'Hits with log in the chain, and without',
  columns: LOAD_COLUMNS,
  compared: 'cpuUs',
  baselineOf: name => name.replace(new RegExp(`${LOG_SUFFIX}$`), ''),
  isComparable: true,
  estimate: bench =>
    castOf(bench).length * (SETUP_SECONDS + bench.options.rounds * bench.options.seconds),
  run: async bench => {
    const load: Load = {
      file: bench.queries.hits(),
      args: USUAL_CLIENTS,
      seconds: bench.options.seconds,
    }
    const drains: Child[] = []
    try {
      return await interleave(bench, {
        scenario: 'log',
        cast: castOf(bench),
        rounds: bench.options.rounds,
        start: contestant => startDrained(contestant, bench, drains),
        begin: async running => {
          await warm(bench, running, load.file, [])
          await exercise(bench, running, load)
        },
        measure: async running => (await measureLoad(bench, running, load)).sample,
      })
    } finally {
      for (const drain of drains) await drain.stop()
    }
  },
}
