// Hot path. Composes the fast steps of one server block, in the order that fast-step.ts defines.

import { faultOf } from '../../chain/errors.ts'
import type { Asked, Concerned } from '../../chain/query/asked.ts'
import type { FastQuery } from '../../chain/query/fast-query.ts'
import {
  FAST_ANSWERED,
  FAST_NEXT,
  FAST_SLOW,
  type FastStep,
  TRANSPARENT,
} from '../../chain/stage/fast-step.ts'
import { isChoosy, type Stage } from '../../chain/stage/handler.ts'

/** Called with the fault of a fast step, and the label of the listener; '' for none. */
export type TellFault = (fault: unknown, server: string) => void

/** A plugin's stage, and its bit of FastQuery for the result of `concerns`; 0: it has none. */
export interface FastStage {
  readonly name: string
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
  /** Positions in the chain of the stages of these steps. */
  readonly #askingAt: Int32Array
  readonly #shapingAt: Int32Array
  readonly #doingAt: Int32Array
  /** Position of the step that gave the last answer: no step behind it has seen the query. */
  #answeredAt = 0
  /** Names of the plugins. */
  readonly #names: ReadonlyMap<FastStep, string>
  readonly #tell: TellFault
  /** Whether any step might answer. */
  readonly isUseful: boolean

  /**
   * The steps from the front of the chain; they end at the first stage that sends every query to
   * the slow path. Queries that concern a stage with `leaving` go there too, at any position of
   * that stage.
   */
  constructor(stages: readonly FastStage[], tell: TellFault) {
    const watching = stages.filter(isWatching)
    const end = watching.some(isEnd) ? 0 : stages.findIndex(isEnd)
    const reached = stages.slice(0, end < 0 ? stages.length : end).filter(each => !isWatching(each))
    const taking = [...watching, ...reached]
    const steps = taking.map(stepOf)
    const outwards = steps.toReversed()
    this.#names = new Map(steps.map((step, at) => [step, taking[at]!.name]))
    this.#tell = tell
    this.#asking = steps.filter((step): step is Asking => step.ask !== undefined)
    this.#shaping = outwards.filter((step): step is Shaping => step.shape !== undefined)
    this.#doing = outwards.filter((step): step is Doing => step.done !== undefined)
    const places = (some: readonly FastStep[]): Int32Array =>
      Int32Array.from(some, step => steps.indexOf(step))
    this.#askingAt = places(this.#asking)
    this.#shapingAt = places(this.#shaping)
    this.#doingAt = places(this.#doing)
    this.#flushing = steps.filter((step): step is Flushing => step.batchSent !== undefined)
    this.isUseful = reached.some(({ stage }) => stage.fast?.ask !== undefined)
  }

  /**
   * The answer in its final form, if a step has one; nothing is counted yet. If a step fails, the
   * slow path answers.
   */
  answer(query: FastQuery): boolean {
    let verdict: number = FAST_NEXT
    let step: FastStep = TRANSPARENT
    try {
      for (let k = 0; verdict === FAST_NEXT && k < this.#asking.length; k++) {
        const asking = (step = this.#asking[k]!)
        verdict = asking.ask(query)
        this.#answeredAt = this.#askingAt[k]!
      }
      if (verdict !== FAST_ANSWERED) return false
      for (let k = 0; k < this.#shaping.length; k++) {
        if (this.#shapingAt[k]! > this.#answeredAt) continue
        const shaping = (step = this.#shaping[k]!)
        if (!shaping.shape(query)) return false
      }
      return true
    } catch (error) {
      this.#failed(step, error, query.listener.label)
      return false
    }
  }

  /** The last answer will be sent. */
  done(query: FastQuery): void {
    for (let k = 0; k < this.#doing.length; k++) {
      if (this.#doingAt[k]! > this.#answeredAt) continue
      const step = this.#doing[k]!
      try {
        step.done(query)
      } catch (error) {
        this.#failed(step, error, query.listener.label)
      }
    }
  }

  batchSent(elapsedMs: number): void {
    for (let k = 0; k < this.#flushing.length; k++) {
      const step = this.#flushing[k]!
      try {
        step.batchSent(elapsedMs)
      } catch (error) {
        this.#failed(step, error, '')
      }
    }
  }

  #failed(step: FastStep, error: unknown, server: string): void {
    this.#tell(faultOf(this.#names.get(step) ?? '', error), server)
  }
}

const isWatching = ({ stage }: FastStage): boolean => stage.leaving !== undefined

const ownStep = ({ leaving, fast }: Stage): FastStep | undefined =>
  leaving === undefined ? fast : undefined

/** Whether no stage behind this one can be reached; also if there were no more bits for it. */
const isEnd = ({ stage, bit }: FastStage): boolean =>
  isChoosy(stage) ? bit === 0 : ownStep(stage) === undefined

const stepOf = ({ stage, bit }: FastStage): FastStep =>
  isChoosy(stage) ? choosyStep(stage, ownStep(stage), bit) : (ownStep(stage) ?? TRANSPARENT)

/** A stage's own step, or the slow path where it has none, for the queries that concern it. */
const choosyStep = (stage: Concerned, own: FastStep | undefined, bit: number): FastStep => {
  const isFor = (query: FastQuery): boolean => (query.concernedBits & bit) !== 0
  return {
    ask(query) {
      let isConcerned: unknown
      try {
        isConcerned = stage.concerns(query)
      } catch {
        // The slow path calls it again, and reports the error.
        return FAST_SLOW
      }
      if (isConcerned === false) {
        query.askedBits |= bit
        return FAST_NEXT
      }
      if (isConcerned !== true) return FAST_SLOW
      query.askedBits |= bit
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

/**
 * The result of `accepts` of all stages, for both paths; undefined: only `accepts` itself can tell.
 */
export const takenByAll = (
  stages: readonly Stage[],
): ((asked: Asked) => boolean | undefined) | undefined => {
  const choosing = stages.filter(({ accepts }) => accepts !== undefined)
  const tests = choosing.flatMap(({ takes }) => takes ?? [])
  if (tests.length === 0 || tests.length < choosing.length) return undefined
  return asked => isTaken(tests, asked)
}

type Takes = (asked: Asked) => boolean | undefined

/** If a test fails, `accepts` is called, which reports the error. */
const isTaken = (tests: readonly Takes[], asked: Asked): boolean | undefined => {
  try {
    for (let k = 0; k < tests.length; k++) {
      const taken = tests[k]!(asked)
      if (taken !== true) return taken
    }
    return true
  } catch {
    return undefined
  }
}
