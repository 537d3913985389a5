// A hosts file of 200,000 lines, as block lists are: how long the start takes, what it keeps, and
// what an answer from it costs, without a cache in front.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench, Outcome, Sample, Scenario } from '../bench.ts'
import { installed } from '../contestants/built.ts'
import type { Contestant, Place } from '../contestants/contestant.ts'
import { coredns } from '../contestants/coredns.ts'
import { shardns } from '../contestants/shardns.ts'
import { startAndAsk } from '../measure/first-answer.ts'
import { readMemory } from '../measure/memory.ts'
import { settle } from '../measure/settle.ts'
import { present, usualSources } from './casts.ts'
import { USUAL_CLIENTS } from './loads.ts'
import { exercise, type Load, measureLoad } from './measure-load.ts'
import { inTurns } from './turns.ts'

export const HOSTS = 200_000
/** Those that are asked for: a tenth, so that the file of queries stays small. */
const ASKED_EVERY = 10
const SECONDS_EACH = 12
const START_LIMIT_MS = 30_000

const hostsText = (): string =>
  Array.from(
    { length: HOSTS },
    (_, n) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255} host-${n}.block.test\n`,
  ).join('')

const write = (place: Place): string => {
  const file = join(place.folder, 'hosts')
  writeFileSync(file, hostsText())
  return `.:${place.port} {
    errors
    bind 127.0.0.1
    hosts ${file} {
        reload 0s
        fallthrough
    }
    forward . 127.0.0.1:${place.upstreamPort}
}
`
}

const castOf = (bench: Bench, notes: string[]): Contestant[] => {
  const names = present(bench).map(({ name }) => name)
  return [
    ...installed(usualSources(bench), bench, notes).map(parts => shardns({ ...parts, write })),
    ...(names.includes('coredns') ? [coredns(write)] : []),
  ]
}

const measure = async (bench: Bench, contestant: Contestant): Promise<Sample> => {
  const asked = Array.from(
    { length: HOSTS / ASKED_EVERY },
    (_, n) => `host-${n * ASKED_EVERY}.block.test`,
  )
  const load: Load = {
    file: bench.queries.named('hosts', asked),
    args: USUAL_CLIENTS,
    seconds: bench.options.seconds,
  }
  const first = { name: asked.at(-1) as string, limitMs: START_LIMIT_MS }
  const { startMs, startCpuMs, child, port } = await startAndAsk(contestant, bench, first)
  try {
    await settle()
    const { rssMiB, peakMiB } = readMemory(child.pid)
    const running = { contestant, pid: child.pid, port, child }
    await exercise(bench, running, load)
    const { sample } = await measureLoad(bench, running, load)
    const { cpuUs = Number.NaN, qps = Number.NaN, lost = Number.NaN } = sample
    const wrong = sample.wrong ?? 0
    return { startMs, startCpuMs, rssMiB, peakMiB, cpuUs, qps, lost, wrong }
  } finally {
    await child.stop()
  }
}

const run = async (bench: Bench): Promise<Outcome> => {
  const notes: string[] = []
  const turns = castOf(bench, notes).map(contestant => ({
    name: contestant.name,
    measure: () => measure(bench, contestant),
  }))
  return { ...(await inTurns(bench, 'hosts', bench.options.rounds, turns)), notes }
}

export const hosts: Scenario = {
  name: 'hosts',
  title: 'A hosts file of 200,000 lines, one thread, without cache',
  columns: ['startMs', 'startCpuMs', 'rssMiB', 'peakMiB', 'qps', 'lost', 'cpuUs'],
  compared: 'cpuUs',
  baselineOf: () => 'coredns',
  isComparable: false,
  estimate: ({ options }) => 15 + 2 * options.rounds * (SECONDS_EACH + 2 * options.seconds),
  run,
}
