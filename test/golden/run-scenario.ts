// Runs one golden case: starts what it needs, asks its lines in order, and compares what comes back
// with the recording.

import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspectCorefile } from '../../src/process/load/load.ts'
import { closedPort, type FakeUpstream } from '../fakes/fake-upstream.ts'
import { mounting, withoutMounts } from '../support/mounts.ts'
import {
  type Cleanup,
  freePorts,
  temporaryFolder,
  WatchedProcess,
} from '../support/server-process.ts'
import { ROOT } from '../support/source-files.ts'
import { type Asked, ask, unknownOption, waitMs } from './ask.ts'
import { type Difference, differences } from './compare.ts'
import type { QueryLine, Recorded, Scenario, Step } from './scenario.ts'
import { startGoldenUpstream } from './upstream.ts'

const ATTEMPTS = 3
/**
 * What a server that should be silent has at least, behind the last question, to be caught talking.
 */
const SILENCE_MS = 200
const PORT_MARK = /@PORT(\d*)@/g
/** Of a machine, or of a server that is not here: a test cannot give them. */
const MACHINE_FILES = ['addresses', 'etcd']
const RESOLV_CONF = 'resolv.conf'

/**
 * Why a Corefile cannot be served by what there is: false if it can. Other errors are for the test
 * to find.
 */
export const whyUnserved = async (corefile: string, folder: string): Promise<string | false> => {
  const text = corefile.replaceAll(PORT_MARK, '1053').replaceAll(/@\w+@/g, '127.0.0.1:1054')
  const { errors } = await inspectCorefile(text, 'Corefile', { baseDir: folder })
  const missing = errors.filter(
    ({ code, message }) =>
      code.startsWith('unsupported-') || /not supported by shardns yet/.test(message),
  )
  return (
    [
      ...new Set(missing.map(({ message }) => message.replace(' is known to CoreDNS but', ''))),
    ].join(', ') || false
  )
}

/** Why a case is not run: false if it is. */
export const whySkipped = async ({
  corefile,
  folder,
  files,
  steps,
}: Scenario): Promise<string | false> => {
  const unserved = await whyUnserved(corefile, folder)
  if (unserved !== false) return unserved
  const machine = MACHINE_FILES.find(file => files.includes(file))
  if (machine !== undefined) return `needs a machine with the ${machine} of the recording`
  if (files.includes(RESOLV_CONF) && withoutMounts !== false) return withoutMounts
  const unknown = new Set(
    steps.flatMap(step => (step.kind === 'ask' ? (unknownOption(step.line) ?? []) : [])),
  )
  return unknown.size > 0 && `asks with ${[...unknown].join(', ')}`
}

export interface Outcome {
  readonly line: QueryLine
  readonly differences: readonly Difference[]
}

export interface ScenarioRun {
  readonly outcomes: readonly Outcome[]
  /** From `LOG:` on, sorted. */
  readonly log: readonly string[]
}

interface Question {
  readonly line: QueryLine
  readonly entry: Recorded
  readonly asked: Asked
  /** How much later it was asked in the recording. */
  readonly savedMs: number
}

/** `apiServer` is ADDRESS:PORT, for cases with a cluster. */
export const runScenario = async (
  t: Cleanup,
  scenario: Scenario,
  apiServer = '',
): Promise<ScenarioRun> => {
  const world = await World.start(t, scenario, apiServer)
  const outcomes = await world.play()
  return { outcomes, log: await world.endLog() }
}

class World {
  readonly #scenario: Scenario
  readonly #folder: string
  readonly #server: WatchedProcess
  readonly #ports: readonly number[]
  readonly #upstreams: ReadonlyMap<string, FakeUpstream>

  private constructor(
    scenario: Scenario,
    folder: string,
    server: WatchedProcess,
    ports: readonly number[],
    upstreams: ReadonlyMap<string, FakeUpstream>,
  ) {
    this.#scenario = scenario
    this.#folder = folder
    this.#server = server
    this.#ports = ports
    this.#upstreams = upstreams
  }

  static async start(t: Cleanup, scenario: Scenario, apiServer: string): Promise<World> {
    const folder = temporaryFolder(t)
    cpSync(scenario.folder, folder, { recursive: true })
    const upstreams = new Map<string, FakeUpstream>()
    for (const file of ['upstream', 'upstream2'].filter(name => scenario.files.includes(name)))
      upstreams.set(file, await startGoldenUpstream(join(folder, file)))
    t.after(
      async () => void (await Promise.all(upstreams.values().map(upstream => upstream.close()))),
    )
    const addresses = new Map(
      [...upstreams].map(([file, { port }]) => [`@${file.toUpperCase()}@`, `127.0.0.1:${port}`]),
    )
    addresses.set('@CLOSED@', `127.0.0.1:${await closedPort()}`).set('@APISERVER@', apiServer)
    const marks = new Set(scenario.corefile.match(PORT_MARK))
    for (let attempt = 1; ; attempt++) {
      const ports = await freePorts(marks.size)
      const corefile = scenario.corefile.replaceAll(PORT_MARK, (_, turn: string) =>
        String(ports[Number(turn || 1) - 1]),
      )
      writeFileSync(
        join(folder, 'Corefile'),
        corefile.replaceAll(/@\w+@/g, mark => addresses.get(mark) ?? mark),
      )
      const server = startIn(t, folder)
      try {
        await server.seen(/^shardns-.*\n.*\n/m)
        return new World(scenario, folder, server, ports, upstreams)
      } catch (error) {
        if (attempt === ATTEMPTS || !server.err.includes('address already in use')) throw error
      }
    }
  }

  async play(): Promise<Outcome[]> {
    const { steps, recorded } = this.#scenario
    const open: Question[] = []
    let savedMs = 0
    for (const step of steps) {
      if (step.kind !== 'ask') {
        await this.#act(step)
        continue
      }
      const { line } = step
      const entry = recorded[open.length]!
      const asked = await ask(line, this.#portOf(line), entry)
      open.push({ line, entry, asked, savedMs })
      // Silence is looked at when all is asked.
      if (entry.reply === 'none') savedMs += waitMs(line)
      else await asked.end()
    }
    const silent = open.filter(({ entry }) => entry.reply === 'none')
    if (silent.length > 0) await sleep(SILENCE_MS)
    for (const { asked } of silent) asked.close()
    return open.map(({ line, entry, asked, savedMs: saved }) => {
      return {
        line,
        differences: differences(line, entry, asked, Math.ceil(saved / 1000)),
      }
    })
  }

  #portOf({ options }: QueryLine): number {
    const upstream = options.get('upstream')
    if (upstream !== undefined) return this.#upstreams.get(upstream || 'upstream')!.port
    return this.#ports[Number(options.get('port') ?? 1) - 1]!
  }

  async #act(step: Exclude<Step, { kind: 'ask' }>): Promise<void> {
    const path = (name: string): string => join(this.#folder, name)
    if (step.kind === 'sleep') await sleep(step.ms)
    else if (step.kind === 'remove') rmSync(path(step.file))
    else {
      writeFileSync(path(`${step.to}.new`), readFileSync(path(step.from)))
      renameSync(path(`${step.to}.new`), path(step.to))
    }
  }

  /** Ends the server, since its last lines may still be on their way. */
  async endLog(): Promise<string[]> {
    if (this.#scenario.log.length === 0) return []
    await this.#server.stop()
    const lines = this.#server.out.split('\n').filter(line => line.includes('LOG:'))
    return lines.map(line => line.slice(line.indexOf('LOG:'))).sort()
  }
}

/**
 * The server with the `Corefile` of a folder, in that folder. If this has a resolv.conf, it is the
 * server's machine's, and nobody else's.
 */
export const startIn = (t: Cleanup, folder: string): WatchedProcess => {
  const server = [process.execPath, join(ROOT, 'src/cli.ts'), '-conf', 'Corefile', '--workers', '1']
  const [program = '', ...args] = existsSync(join(folder, RESOLV_CONF))
    ? mounting(RESOLV_CONF, '/etc/resolv.conf', server)
    : server
  return new WatchedProcess(t, program, args, folder)
}
