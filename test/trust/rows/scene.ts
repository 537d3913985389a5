// What most rows have in common: an upstream, a server within limits, a healthy client, and its
// figures before and during something.

import {
  HealthyClient,
  type HealthySetting,
  healthFaults,
  healthText,
  type Tally,
} from '../healthy-client.ts'
import type { Figure } from '../row.ts'
import { startTarget, type Target, type TargetSetting } from '../target.ts'
import { startUpstream, type Upstream } from '../upstream.ts'
import type { World } from '../world.ts'

/** In the long form, more late answers than this are a fault. */
const LATE_SHARE = 0.01
/**
 * And a p99 of more than this many times that of the quiet server, if it is more than a quarter of
 * a second.
 */
const SLOW_RATIO = 20
const SLOW_MS = 250

export interface Scene {
  readonly world: World
  readonly upstream: Upstream
  readonly target: Target
  readonly client: HealthyClient
  /** Nothing else going on. */
  readonly idle: Tally
}

export interface SceneSetting extends Omit<TargetSetting, 'upstream'> {
  readonly client?: Omit<HealthySetting, 'port'>
  readonly forgeries?: number
}

export const setScene = async (world: World, setting: SceneSetting = {}): Promise<Scene> => {
  const upstream = await startUpstream(
    world,
    setting.forgeries === undefined ? {} : { forgeries: setting.forgeries },
  )
  const target = await startTarget(world, { ...setting, upstream: upstream.port })
  const client = await HealthyClient.start(world, { port: target.port, ...setting.client })
  await world.pass(world.amount(500, 3000))
  return { world, upstream, target, client, idle: await client.tally() }
}

/**
 * Runs something beside the healthy client: its own figure, with what the client and the server's
 * limits say of it.
 */
export const beside = async (
  { world, target, client, idle }: Scene,
  run: () => Promise<Figure>,
  { mayBeLate: isSlow = false }: { readonly mayBeLate?: boolean } = {},
): Promise<Figure> => {
  const { figure, faults } = await run().catch(failure)
  const during = await client.tally()
  const mayBeLate = world.isShort || isSlow ? during.asked : during.asked * LATE_SHARE
  const isBlinded =
    !world.isShort && !isSlow && during.p99Ms > Math.max(SLOW_MS, SLOW_RATIO * idle.p99Ms)
  const slow = isBlinded ? [`p99 ${during.p99Ms.toFixed(0)} ms`] : []
  return {
    figure: [figure, healthText(idle, during), target.memoryText]
      .filter(text => text !== '')
      .join('; '),
    faults: [
      ...target.faults(),
      ...(target.isAlive ? [...healthFaults(during, mayBeLate), ...slow, ...faults] : []),
    ],
  }
}

/** What the row could not go on after; when the server has ended, that is told instead. */
const failure = (error: unknown): Figure => {
  const text = error instanceof Error ? error.message : String(error)
  return { figure: `ended by: ${text}`, faults: [text] }
}

/** So long, or until the server has ended. */
export const whileAlive = async (
  { world, target }: Pick<Scene, 'world' | 'target'>,
  ms: number,
): Promise<void> => void (await Promise.race([world.pass(ms), target.server.exited]))

/** Until something has happened, but not for ever: whether it has. */
export const within = async (
  world: World,
  ms: number,
  look: () => boolean | Promise<boolean>,
): Promise<boolean> => {
  for (const untilMs = performance.now() + ms; performance.now() < untilMs; await world.pass(100))
    if (await look()) return true
  return look()
}
