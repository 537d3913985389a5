// The stages of one server block, composed for both paths: which of them are asked whether they are
// concerned, and under which bit of FastQuery the answer is kept.

import type { Asked } from '../../chain/asked.ts'
import { faultOf, messageOf } from '../../chain/errors.ts'
import { guardedInFront, type Handler, isChoosy, noNext, type Stage } from '../../chain/handler.ts'
import type { Query } from '../../chain/query.ts'
import { FastChain, type TellFault, takenByAll } from './fast-chain.ts'
import { Leaving } from './leaving.ts'

/** What a plugin, by its name, contributes to the chain. */
export interface NamedStage {
  readonly name: string
  readonly stage: Stage
  /** Not of the program: what goes wrong in its chain is to bear a name. */
  readonly isOutside?: boolean
}

export interface Composed {
  /** Undefined without stages. */
  readonly handler: Handler | undefined
  readonly fast: FastChain
  /** Undefined if no stage sees what leaves. */
  readonly leaving: Leaving | undefined
  /** Undefined if the block takes every question for its names. */
  readonly accepts: ((query: Query) => boolean) | undefined
  /** The same for the fast path; undefined where that cannot be told. */
  readonly takes: ((asked: Asked) => boolean | undefined) | undefined
}

/**
 * `tell` is told of fast steps that fail. `last` stands behind the stages; without it, the last of
 * them that passes on fails. Throws for a stage that cannot be.
 */
export const compose = (
  stages: readonly NamedStage[],
  tell: TellFault,
  last?: Handler,
): Composed => {
  const bits = bitsOf(stages)
  const handler = stages.reduceRight<Handler | undefined>(
    (next, { name, stage }, index) =>
      named(name, () => guardedInFront(name, stage, next ?? noNext(name), bits[index] ?? 0)),
    last,
  )
  const marked = stages.map((one, index) => ({ ...one, bit: bits[index] ?? 0 }))
  const fast = new FastChain(marked, tell)
  const [accepts, takes] = [acceptedByAll(stages), takenByAll(stages.map(({ stage }) => stage))]
  return { handler, fast, leaving: Leaving.of(marked), accepts, takes }
}

/** What `make` gives; its failure bears the plugin's name. */
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

/** A bit for each stage that wants to be asked, 0 for others and when there are no more bits. */
const bitsOf = (stages: readonly NamedStage[]): number[] => {
  let bit = 1
  return stages.map(({ stage }) => {
    if (!isChoosy(stage)) return 0
    const own = bit
    bit <<= 1
    return own
  })
}
