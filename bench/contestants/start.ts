// Starts a contestant on ports that are free and checks that it answers what the upstream says.

import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { Child, type ChildSettings } from '../host/child.ts'
import { cpusFor, type Pins } from '../host/pins.ts'
import { freePorts } from '../host/ports.ts'
import { askUdp } from '../load/ask.ts'
import type { Answer } from '../load/message.ts'
import { addressOf } from '../load/upstream.ts'
import type { Contestant, Launch } from './contestant.ts'

const START_LIMIT_MS = 20_000
const CHECKED_NAME = 4321

/** What a contestant is started among. */
export interface Site {
  readonly folder: string
  readonly pins: Pins
  readonly upstreamPort: number
}

export interface Running {
  readonly contestant: Contestant
  readonly pid: number
  readonly port: number
  readonly child: Child
}

/** A contestant whose process may be started now: its files are written. */
export interface Ready {
  readonly port: number
  start(settings?: Pick<ChildSettings, 'stdout' | 'inside'>): Child
}

export const prepare = async (
  contestant: Contestant,
  { folder, pins, upstreamPort }: Site,
): Promise<Ready> => {
  const [port = 0, sidePort = 0] = await freePorts(2)
  const own = mkdtempSync(join(folder, `${contestant.name.replaceAll(/\W/g, '-')}-`))
  const launch: Launch = contestant.launch({ folder: own, port, sidePort, upstreamPort })
  const cpus = cpusFor(pins, contestant.threads)
  return {
    port,
    start: settings =>
      new Child(launch.file, launch.args, {
        cpus,
        ...(launch.cwd === undefined ? {} : { cwd: launch.cwd }),
        ...(launch.environment === undefined ? {} : { env: launch.environment }),
        ...settings,
      }),
  }
}

/** Throws with the reason if it does not start or answers wrongly. */
export const start = async (
  contestant: Contestant,
  site: Site,
  stdout?: number,
): Promise<Running> => {
  if (contestant.absent !== undefined) throw new Error(contestant.absent)
  const { port, start: spawnIt } = await prepare(contestant, site)
  const child = spawnIt(stdout === undefined ? {} : { stdout })
  try {
    await untilRight(contestant, child, port)
  } catch (error) {
    await child.stop()
    throw error
  }
  return { contestant, pid: child.pid, port, child }
}

const untilRight = async (contestant: Contestant, child: Child, port: number): Promise<void> => {
  const end = performance.now() + START_LIMIT_MS
  let last: Answer | undefined
  while (performance.now() < end) {
    if (child.isOver) throw new Error(`it ended at once: ${child.complaint}`)
    const answer = await askUdp(port, `n${CHECKED_NAME}.test`, 200)
    if (answer !== undefined && isRight(contestant, answer)) return
    // A server may say SERVFAIL until it has found its upstream.
    if (answer !== undefined) await new Promise(resolve => setTimeout(resolve, 100))
    last = answer ?? last
  }
  throw new Error(
    last === undefined
      ? `it does not answer: ${child.complaint}`
      : `it answers wrongly: ${JSON.stringify(last)}`,
  )
}

const isRight = ({ kind }: Contestant, answer: Answer): boolean =>
  kind === 'echo' ||
  (answer.rcode === 0 &&
    answer.addresses.length === 1 &&
    answer.addresses[0] === addressOf(CHECKED_NAME))
