// Memory with 10,000 entries, and after a load: it must not grow. shardns runs with one, two and
// four shards and gets a long load, peers a short one. All stand beside each other, so that what
// they give back late is waited for once.

import type { Bench, Outcome, Sample, Scenario } from '../bench.ts'
import { builtOf } from '../contestants/built.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { type Running, start } from '../contestants/start.ts'
import { NAMES } from '../load/queries.ts'
import { readMemory } from '../measure/memory.ts'
import { SETTLE_MS, settle } from '../measure/settle.ts'
import { inShape, present, shardnsOf } from './casts.ts'
import { TWO_SHARDS } from './idle.ts'
import { USUAL_CLIENTS } from './loads.ts'
import { perf, warm } from './measure-load.ts'

/** Of the slowest: for the estimate only. */
const QUERIES_PER_SECOND = 150_000
/** Of the file of 10,000 names, per run of dnsperf. */
const PIECE_RUNS = 200
export const ONE_SHARD = '-1'
export const FOUR_SHARDS = '-4'

/**
 * `built` are packages of shardns. Its sources and the other engine say no more with another number
 * of shards.
 */
const castOf = (bench: Bench, built: readonly Contestant[]): Contestant[] => {
  const [first, ...rest] = built
  const usual = first === undefined ? [] : [first]
  const sources = shardnsOf(bench).slice(0, bench.options.isQuick ? 0 : undefined)
  return [
    ...inShape(usual, ONE_SHARD, { threads: 1 }),
    ...inShape(usual, TWO_SHARDS, { threads: 2 }),
    ...inShape(usual, FOUR_SHARDS, { threads: 4 }),
    ...inShape([...rest, ...sources], TWO_SHARDS, { threads: 2 }),
    ...present(bench).filter(({ kind }) => kind === 'cache'),
  ]
}

/** The load in pieces, so that no output of dnsperf gets large. Returns how many were answered. */
const flood = async (bench: Bench, running: Running, count: number): Promise<number> => {
  let done = 0
  for (let left = Math.ceil(count / NAMES); left > 0; left -= PIECE_RUNS) {
    bench.progress(
      `memory: ${running.contestant.name}: ${(done / 1e6).toFixed(1)} of ${count / 1e6} million queries`,
    )
    const runs = Math.min(left, PIECE_RUNS)
    const { completed } = await perf(bench, running, {
      file: bench.queries.addresses(),
      args: USUAL_CLIENTS,
      runs,
    })
    if (completed === 0) throw new Error('it answers no more')
    done += completed
  }
  return done
}

const load = async (bench: Bench, running: Running): Promise<number> => {
  if (running.contestant.kind === 'shardns')
    return flood(bench, running, bench.options.memoryQueries)
  const file = bench.queries.addresses()
  const { seconds } = bench.options
  return (await perf(bench, running, { file, args: USUAL_CLIENTS, seconds })).completed
}

interface Measured {
  readonly running: Running
  filledMiB: number
  queries: number
}

class Stage {
  readonly samples: Record<string, Sample[]> = {}
  readonly dropped: Record<string, string> = {}
  readonly #bench: Bench
  #all: Measured[] = []

  constructor(bench: Bench) {
    this.#bench = bench
  }

  async enter(contestant: Contestant): Promise<void> {
    this.#bench.progress(`memory: starting ${contestant.name}`)
    try {
      const running = await start(contestant, this.#bench)
      this.#all.push({ running, filledMiB: 0, queries: 0 })
    } catch (error) {
      this.dropped[contestant.name] = (error as Error).message
    }
  }

  /** One after the other; those that fail leave. */
  async each(task: (one: Measured) => Promise<void> | void): Promise<void> {
    for (const one of [...this.#all]) {
      const { child, contestant } = one.running
      try {
        await task(one)
      } catch (error) {
        const { message } = error as Error
        this.dropped[contestant.name] = child.isOver ? `it ended: ${child.complaint}` : message
        this.#all = this.#all.filter(other => other !== one)
        await child.stop()
      }
    }
  }

  async clear(): Promise<void> {
    await Promise.all(this.#all.map(({ running }) => running.child.stop()))
  }
}

const run = async (bench: Bench): Promise<Outcome> => {
  const notes: string[] = []
  const stage = new Stage(bench)
  try {
    for (const contestant of castOf(bench, builtOf(shardnsOf(bench), bench, notes)))
      await stage.enter(contestant)
    await stage.each(({ running }) => warm(bench, running, bench.queries.addresses(), []))
    await settle()
    await stage.each(one => {
      one.filledMiB = readMemory(one.running.pid).rssMiB
    })
    await stage.each(async one => {
      one.queries = await load(bench, one.running)
    })
    await settle()
    await stage.each(({ running, filledMiB, queries }) => {
      const { rssMiB: afterMiB, peakMiB } = readMemory(running.pid)
      stage.samples[running.contestant.name] = [
        { round: 0, filledMiB, afterMiB, grownMiB: afterMiB - filledMiB, peakMiB, queries },
      ]
    })
  } finally {
    await stage.clear()
  }
  return { samples: stage.samples, dropped: stage.dropped, notes }
}

export const memory: Scenario = {
  name: 'memory',
  title: 'Memory with 10,000 entries; shardns with one, two and four shards',
  columns: ['filledMiB', 'afterMiB', 'grownMiB', 'peakMiB', 'queries'],
  compared: 'filledMiB',
  isComparable: true,
  estimate: bench => {
    const cast = castOf(bench, shardnsOf(bench))
    const ours = cast.filter(({ kind }) => kind === 'shardns').length
    return (
      20 +
      (2 * SETTLE_MS) / 1000 +
      (cast.length - ours) * bench.options.seconds +
      (ours * bench.options.memoryQueries) / QUERIES_PER_SECOND +
      cast.length * 2
    )
  },
  run,
}
