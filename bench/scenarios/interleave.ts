// The round loop: starts all contestants, measures them in turns (A B C A B C), stops them, as many
// times as they are to be started. One that fails is dropped, never fatal.

import { setTimeout as sleep } from 'node:timers/promises'

import type { Bench, Outcome, Sample } from '../bench.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { type Running, start } from '../contestants/start.ts'

export interface Turns {
  readonly scenario: string
  readonly cast: readonly Contestant[]
  /** Of each start. */
  readonly rounds: number
  /** How often all are started anew; 1 by default. */
  readonly starts?: number
  /** Before the first round, once per contestant. */
  readonly begin?: (running: Running) => Promise<void>
  readonly measure: (running: Running, round: number) => Promise<Sample>
  /** Instead of the usual start. */
  readonly start?: (contestant: Contestant) => Promise<Running>
  readonly notes?: string[]
}

/**
 * After the last start. What a start leaves to be done later, such as collecting its garbage and
 * keeping compiled code, is no part of a load.
 */
const SETTLED_MS = 5000

export const interleave = async (bench: Bench, turns: Turns): Promise<Outcome> => {
  const stage = new Stage(bench, turns)
  try {
    for (let begun = 0; begun < (turns.starts ?? 1); begun++) {
      for (const contestant of turns.cast) await stage.enter(contestant)
      await sleep(stage.startedMs + SETTLED_MS - performance.now())
      for (let round = 0; round < turns.rounds; round++)
        await stage.round(begun * turns.rounds + round)
      await stage.clear()
    }
  } finally {
    await stage.clear()
  }
  const { starts = 1, notes = [] } = turns
  return {
    samples: stage.samples,
    dropped: stage.dropped,
    notes: starts === 1 ? notes : [...notes, `All were started anew ${starts} times.`],
  }
}

class Stage {
  readonly samples: Record<string, Sample[]> = {}
  readonly dropped: Record<string, string> = {}
  /** When the last of them was started. */
  startedMs = 0
  readonly #bench: Bench
  readonly #turns: Turns
  readonly #running = new Map<string, Running>()

  constructor(bench: Bench, turns: Turns) {
    this.#bench = bench
    this.#turns = turns
  }

  async enter(contestant: Contestant): Promise<void> {
    const { scenario, begin } = this.#turns
    if (this.dropped[contestant.name] !== undefined) return
    const excuse = contestant.excused?.[scenario]
    if (excuse !== undefined) {
      this.dropped[contestant.name] = excuse
      return
    }
    await this.#guard(contestant.name, async () => {
      this.#bench.progress(`${scenario}: starting ${contestant.name}`)
      const running = await (this.#turns.start ?? (it => start(it, this.#bench)))(contestant)
      this.startedMs = performance.now()
      this.#running.set(contestant.name, running)
      await begin?.(running)
    })
  }

  async round(round: number): Promise<void> {
    const { scenario, rounds, starts = 1, measure } = this.#turns
    for (const [name, running] of this.#running) {
      await this.#guard(name, async () => {
        this.#bench.progress(`${scenario}: round ${round + 1} of ${starts * rounds}: ${name}`)
        const sample = await measure(running, round)
        const known = (this.samples[name] ??= [])
        known.push({ round, ...sample })
      })
    }
  }

  async clear(): Promise<void> {
    const running = [...this.#running.values()]
    this.#running.clear()
    await Promise.all(running.map(({ child }) => child.stop()))
  }

  async #guard(name: string, task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      const running = this.#running.get(name)
      const reason = error instanceof Error ? error.message : String(error)
      this.dropped[name] = running?.child.isOver ? `it ended: ${running.child.complaint}` : reason
      this.#running.delete(name)
      await running?.child.stop()
    }
  }
}
