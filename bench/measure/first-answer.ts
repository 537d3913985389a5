// From the start of a process to its first good answer over UDP.

import type { Contestant } from '../contestants/contestant.ts'
import { prepare, type Site } from '../contestants/start.ts'
import type { Child, ChildSettings } from '../host/child.ts'
import { untilFirstAnswer } from '../load/ask.ts'
import { readCpu } from './cpu.ts'

const ASK_EVERY_MS = 2

export interface FirstAnswer {
  readonly startMs: number
  /** CPU time of all its threads until then. */
  readonly startCpuMs: number
}

export interface Asked {
  readonly name?: string
  readonly limitMs?: number
  readonly settings?: Pick<ChildSettings, 'inside'>
}

export interface Answering extends FirstAnswer {
  readonly child: Child
  readonly port: number
}

/** It runs on. Throws with the reason if it does not answer. */
export const startAndAsk = async (
  contestant: Contestant,
  site: Site,
  { name = 'n1.test', limitMs = 10_000, settings = {} }: Asked = {},
): Promise<Answering> => {
  const ready = await prepare(contestant, site)
  const began = performance.now()
  const child = ready.start(settings)
  const startMs = await untilFirstAnswer(ready.port, began, {
    ...{ name, everyMs: ASK_EVERY_MS, limitMs, over: child.exited },
  })
  if (startMs !== undefined)
    return { startMs, startCpuMs: readCpu(child.pid).ns / 1e6, child, port: ready.port }
  const { isOver, complaint } = child
  await child.stop()
  throw new Error(isOver ? `it ended at once: ${complaint}` : 'it does not answer')
}

/** Ends it after `stayMs` more. */
export const firstAnswer = async (
  contestant: Contestant,
  site: Site,
  asked: Asked = {},
  stayMs = 0,
): Promise<FirstAnswer> => {
  const { startMs, startCpuMs, child } = await startAndAsk(contestant, site, asked)
  if (stayMs > 0) await new Promise(resolve => setTimeout(resolve, stayMs))
  await child.stop()
  return { startMs, startCpuMs }
}
