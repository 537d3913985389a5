// Hot path.
// The fast steps of one server block, composed: what fast-step.ts says of their order is done here.

import type { Concerned } from '../../chain/asked.ts'
import type { FastQuery } from '../../chain/fast-query.ts'
import {
  FAST_ANSWERED,
  FAST_NEXT,
  FAST_SLOW,
  type FastStep,
  TRANSPARENT,
} from '../../chain/fast-step.ts'
import { isChoosy, type Stage } from '../../chain/handler.ts'

/** A stage, and the bit that FastQuery keeps for what its `concerns` says; 0: it has none. */
export interface FastStage {
  readonly stage: Stage
  readonly bit: number
}

type Asking = FastStep & Required<Pick<FastStep, 'ask'>>
type Shaping = FastStep & Required<Pick<FastStep, 'shape'>>
type Doing = FastStep & Required<Pick<FastStep, 'done'>>
type Flushing = FastStep & Required<Pick<FastStep, 'batchSent'>>

export class FastChain {
  readonly #asking: readonly Asking[]
  readonly #shaping: readonly Shaping[]
  readonly #doing: readonly Doing[]
  readonly #flushing: readonly Flushing[]
  /** Whether any step might answer. */
  readonly isUseful: boolean

  /**
   * The chain from its front; it ends at the first stage that sends every query the slow way. What
   * concerns a stage that sees messages leave goes there too, wherever the stage stands.
   */
  constructor(stages: readonly FastStage[]) {
    const watching = stages.filter(isWatching)
    const end = watching.some(isEnd) ? 0 : stages.findIndex(isEnd)
    const reached = stages.slice(0, end < 0 ? stages.length : end).filter(each => !isWatching(each))
    const steps = [...watching, ...reached].map(stepOf)
    const outwards = steps.toReversed()
    this.#asking = steps.filter((step): step is Asking => step.ask !== undefined)
    this.#shaping = outwards.filter((step): step is Shaping => step.shape !== undefined)
    this.#doing = outwards.filter((step): step is Doing => step.done !== undefined)
    this.#flushing = steps.filter((step): step is Flushing => step.batchSent !== undefined)
    this.isUseful = reached.some(({ stage }) => stage.fast?.ask !== undefined)
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

const isWatching = ({ stage }: FastStage): boolean => stage.leaving !== undefined

const ownStep = ({ leaving, fast }: Stage): FastStep | undefined =>
  leaving === undefined ? fast : undefined

/** Whether nothing behind the stage is reached; so it is where there were no more bits for it. */
const isEnd = ({ stage, bit }: FastStage): boolean =>
  isChoosy(stage) ? bit === 0 : ownStep(stage) === undefined

const stepOf = ({ stage, bit }: FastStage): FastStep =>
  isChoosy(stage) ? choosyStep(stage, ownStep(stage), bit) : (ownStep(stage) ?? TRANSPARENT)

/** A stage's own step, or the slow path where it has none, for the queries that concern it. */
const choosyStep = (stage: Concerned, own: FastStep | undefined, bit: number): FastStep => {
  const isFor = (query: FastQuery): boolean => (query.concernedBits & bit) !== 0
  return {
    ask(query) {
      query.askedBits |= bit
      if (!stage.concerns(query)) return FAST_NEXT
      query.concernedBits |= bit
      if (own === undefined) return FAST_SLOW
      return own.ask === undefined ? FAST_NEXT : own.ask(query)
    },
    ...(own?.shape && { shape: query => !isFor(query) || own.shape!(query) }),
    ...(own?.done && {
      done(query) {
        if (isFor(query)) own.done!(query)
      },
    }),
    ...(own?.batchSent && { batchSent: ms => own.batchSent!(ms) }),
  }
}
