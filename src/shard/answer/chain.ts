// Composes the stages of one server block for both paths. It assigns a bit of FastQuery to each
// stage with `concerns`, which keeps the result for the slow path.

import { faultOf, messageOf } from '../../chain/errors.ts'
import type { Asked } from '../../chain/query/asked.ts'
import type { Query } from '../../chain/query/query.ts'
import {
  guardedInFront,
  type Handler,
  isChoosy,
  noNext,
  type Stage,
} from '../../chain/stage/handler.ts'
import { FastChain, type TellFault, takenByAll } from './fast-chain.ts'
import { Leaving } from './leaving.ts'

/** A plugin's stage with the plugin's name. */
export interface NamedStage {
  readonly name: string
  readonly stage: Stage
  /** Not built in: errors in a chain with it must name their plugin. */
  readonly isOutside?: boolean
}

export interface Composed {
  /** Undefined without stages. */
  readonly handler: Handler | undefined
  readonly fast: FastChain
  /** Undefined if no stage has `leaving`. */
  readonly leaving: Leaving | undefined
  /** Undefined if the block accepts every question for its names. */
  readonly accepts: ((query: Query) => boolean) | undefined
  /** The same for the fast path; undefined if only `accepts` can tell. */
  readonly takes: ((asked: Asked) => boolean | undefined) | undefined
}

/**
 * `tell` is called for fast steps that fail. `last` is the handler after all stages; without it, a
 * query that every stage passes on fails. Throws for an invalid stage.
 */
export const compose = (
  stages: readonly NamedStage[],
  tell: TellFault,
  last?: Handler,
): Composed => {
  const bits = bitsOf(stages)
  const isWatched = stages.some(({ isOutside }) => isOutside)
  const marked = stages.map((one, index) => ({ ...one, bit: bits[index] ?? 0, isWatched }))
  const handler = marked.reduceRight<Handler | undefined>(
    (next, one) => named(one.name, () => guardedInFront(one, next ?? noNext(one.name))),
    last,
  )
  const fast = new FastChain(marked, tell)
  const [accepts, takes] = [acceptedByAll(stages), takenByAll(stages.map(({ stage }) => stage))]
  return { handler, fast, leaving: Leaving.of(marked), accepts, takes }
}

/** The result of `make`; an error in it gets the plugin's name. */
export const named = <T>(name: string, make: () => T): T => {
  try {
    return make()
  } catch (error) {
    throw new Error(`plugin/${name}: ${messageOf(error)}`, { cause: error })
  }
}

const acceptedByAll = (stages: readonly NamedStage[]): Composed['accepts'] => {
  const choosing = stages.filter(({ stage }) => stage.accepts !== undefined)
  return choosing.length === 0
    ? undefined
    : query => choosing.every(({ name, stage }) => isAccepted(name, stage, query))
}

const isAccepted = (name: string, stage: Stage, query: Query): boolean => {
  try {
    const isTaken = stage.accepts?.(query)
    if (typeof isTaken !== 'boolean') throw new TypeError('what accepts gives is no boolean')
    return isTaken
  } catch (error) {
    throw faultOf(name, error)
  }
}

/** A bit for each stage with `concerns`; 0 for others, and when there are no more bits. */
const bitsOf = (stages: readonly NamedStage[]): number[] => {
  let bit = 1
  return stages.map(({ stage }) => {
    if (!isChoosy(stage)) return 0
    const own = bit
    bit <<= 1
    return own
  })
}
