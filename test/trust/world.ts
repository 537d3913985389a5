// What a row has at hand: the amounts of its form, seeded numbers, and an end for everything that
// it starts.

import { setTimeout as pause } from 'node:timers/promises'
import { seeded } from '../fakes/raw-message.ts'
import type { Cleanup } from '../support/server-process.ts'

export interface Form {
  readonly seed: number
  /** The small form of `npm test`. */
  readonly isShort: boolean
  /** Multiplies counts and times of the long form. */
  readonly scale: number
}

type Undo = () => void | Promise<void>

export class World implements Cleanup {
  readonly seed: number
  readonly isShort: boolean
  readonly #scale: number
  readonly #undo: Undo[] = []
  readonly #undoLast: Undo[] = []
  /** A whole number below the one given. */
  readonly random: (below: number) => number

  constructor({ seed, isShort, scale }: Form) {
    this.seed = seed
    this.isShort = isShort
    this.#scale = scale
    this.random = seeded(seed)
  }

  /** What is no amount: a rate, a pause, a size. By the form, whatever the scale. */
  either(short: number, long: number): number {
    return this.isShort ? short : long
  }

  /** A count, or a time in milliseconds, by the form. */
  amount(short: number, long: number): number {
    return this.isShort ? short : Math.max(1, Math.round(long * this.#scale))
  }

  pass(ms: number): Promise<void> {
    return pause(ms)
  }

  after(run: Undo): void {
    this.#undo.push(run)
  }

  /** For what can be taken away once everything else has ended. */
  atLast(run: Undo): void {
    this.#undoLast.push(run)
  }

  /** Ends what was started, the last one first, whatever fails meanwhile. */
  async close(): Promise<void> {
    for (const run of [...this.#undo.splice(0).reverse(), ...this.#undoLast.splice(0)]) {
      try {
        await run()
      } catch (error) {
        // The next ones must end as well; what could not be ended is told.
        process.stderr.write(
          `trust: while ending a row: ${error instanceof Error ? error.message : error}\n`,
        )
      }
    }
  }
}
