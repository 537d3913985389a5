// How long a command takes that ends at once: `check FILE` and `-version`, of the package, of a
// checkout, and of CoreDNS, which has no check.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Bench, Outcome, Sample, Scenario } from '../bench.ts'
import { builtOf, checkout } from '../contestants/built.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { ROOT } from '../contestants/shardns.ts'
import { pinned } from '../host/pins.ts'
import { findProgram } from '../host/programs.ts'
import { present, usualSources } from './casts.ts'
import { inTurns, type Turn } from './turns.ts'

const TIMES = 5
const SECONDS_EACH = 0.5
const COREFILE = join(ROOT, 'Corefile')

interface Program {
  readonly file: string
  readonly args: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** Milliseconds; throws if it fails. */
const timed = (bench: Bench, program: Program, ...words: readonly string[]): number => {
  const [file = '', ...args] = pinned(bench.pins.servers.slice(0, 1), [
    program.file,
    ...program.args,
    ...words,
  ])
  const began = performance.now()
  const { status, stderr } = spawnSync(file, args, {
    encoding: 'utf8',
    env: { ...process.env, ...program.environment },
  })
  const ms = performance.now() - began
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr.trim().split('\n')[0]}`)
  return ms
}

/** Its command line without what it serves with. */
const programOf = (contestant: Contestant, bench: Bench): Program => {
  const place = { folder: bench.folder, port: 0, sidePort: 0, upstreamPort: bench.upstreamPort }
  const { file, args, cwd = '', environment = {} } = contestant.launch(place)
  return { file, args: [join(cwd, args[0] ?? '')], environment }
}

const ours = (contestant: Contestant, bench: Bench): Turn => {
  const program = programOf(contestant, bench)
  return {
    name: contestant.name,
    measure: async round => {
      const first: Sample =
        round === 0 ? { firstCheckMs: timed(bench, program, 'check', COREFILE) } : {}
      return {
        ...first,
        checkMs: timed(bench, program, 'check', COREFILE),
        versionMs: timed(bench, program, '-version'),
      }
    },
  }
}

const run = async (bench: Bench): Promise<Outcome> => {
  const notes: string[] = []
  const sources = usualSources(bench)
  const turns: Turn[] = []
  for (const contestant of [
    ...builtOf(sources, bench, notes),
    ...sources.map(({ name }) => checkout(name)),
  ])
    turns.push(ours(contestant, bench))
  const path = findProgram('coredns')
  if (path !== undefined && present(bench).some(({ name }) => name === 'coredns'))
    turns.push({
      name: 'coredns',
      measure: async () => ({ versionMs: timed(bench, { file: path, args: [] }, '-version') }),
    })
  return { ...(await inTurns(bench, 'commands', bench.options.rounds * TIMES, turns)), notes }
}

export const commands: Scenario = {
  name: 'commands',
  title: 'Commands that end at once',
  columns: ['checkMs', 'versionMs', 'firstCheckMs'],
  isComparable: false,
  estimate: ({ options }) => 15 + 3 * options.rounds * TIMES * SECONDS_EACH,
  run,
}
