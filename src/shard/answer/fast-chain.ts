// Hot path.
// The fast steps of one server block, composed: what fast-step.ts says of their order is done here.

import type { FastQuery } from '../../chain/fast-query.ts'
import { FAST_ANSWERED, FAST_NEXT, type FastStep } from '../../chain/fast-step.ts'

type Asking = FastStep & Required<Pick<FastStep, 'ask'>>
type Shaping = FastStep & Required<Pick<FastStep, 'shape'>>
type Doing = FastStep & Required<Pick<FastStep, 'done'>>
type Flushing = FastStep & Required<Pick<FastStep, 'batchSent'>>

export class FastChain {
  readonly #asking: readonly Asking[]
  readonly #shaping: readonly Shaping[]
  readonly #doing: readonly Doing[]
  readonly #flushing: readonly Flushing[]

  /** From the front of the chain up to the first plugin that offers no step. */
  constructor(steps: readonly FastStep[]) {
    const outwards = steps.toReversed()
    this.#asking = steps.filter((step): step is Asking => step.ask !== undefined)
    this.#shaping = outwards.filter((step): step is Shaping => step.shape !== undefined)
    this.#doing = outwards.filter((step): step is Doing => step.done !== undefined)
    this.#flushing = steps.filter((step): step is Flushing => step.batchSent !== undefined)
  }

  /** Whether any step might answer. */
  get isUseful(): boolean {
    return this.#asking.length > 0
  }

  /** The answer in its final order, if a step has one; nothing is counted yet. */
  answer(query: FastQuery): boolean {
    let verdict: number = FAST_NEXT
    for (let k = 0; verdict === FAST_NEXT && k < this.#asking.length; k++)
      verdict = this.#asking[k]!.ask(query)
    if (verdict !== FAST_ANSWERED) return false
    for (let k = 0; k < this.#shaping.length; k++) if (!this.#shaping[k]!.shape(query)) return false
    return true
  }

  /** The answer will be sent. */
  done(query: FastQuery): void {
    for (let k = 0; k < this.#doing.length; k++) this.#doing[k]!.done(query)
  }

  batchSent(elapsedMs: number): void {
    for (let k = 0; k < this.#flushing.length; k++) this.#flushing[k]!.batchSent(elapsedMs)
  }
}
