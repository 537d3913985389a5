// An attack: load that runs in a thread of its own until it is told to stop, and counts what it
// did.

import { Thread } from '../threads.ts'
import type { World } from '../world.ts'
import type { Attacks } from './attacker.ts'

export type Counts = Readonly<Record<string, number>>

export interface Cue {
  /** Aborted when the attack is to end. */
  readonly signal: AbortSignal
  /** To be called once all of it is under way. */
  readonly ready: () => void
}

/** Resolves once everything that it opened is closed. */
export type Attack<Setting> = (setting: Setting, cue: Cue) => Promise<Counts>

export interface RunningAttack {
  /** All of it is under way. */
  readonly ready: Promise<unknown>
  /** It has ended by itself, or been told to. */
  readonly ended: Promise<Counts>
  stop(): Promise<Counts>
}

interface Ended {
  readonly kind: 'ended'
  readonly counts: Counts
}

export const startAttack = <Name extends keyof Attacks>(
  world: World,
  name: Name,
  setting: Parameters<Attacks[Name]>[0],
): RunningAttack => {
  const thread = new Thread(world, new URL('./attacker.ts', import.meta.url), { name, setting })
  const ready = thread.told('ready')
  const ended = thread.told<Ended>('ended').then(({ counts }) => counts)
  for (const promise of [ready, ended]) promise.catch(() => undefined)
  const stop = (): Promise<Counts> => {
    thread.send('stop')
    return ended
  }
  return { ready, ended, stop }
}
