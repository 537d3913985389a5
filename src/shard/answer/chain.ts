// The stages of one server block, composed for both paths: which of them are asked whether they are
// concerned, and under which bit of FastQuery the answer is kept.

import { messageOf } from '../../chain/errors.ts'
import { type Handler, inFront, isChoosy, noNext, type Stage } from '../../chain/handler.ts'
import type { Query } from '../../chain/query.ts'
import { FastChain } from './fast-chain.ts'
import { Leaving } from './leaving.ts'

/** What a plugin, by its name, contributes to the chain. */
export interface NamedStage {
  readonly name: string
  readonly stage: Stage
}

export interface Composed {
  /** Undefined without stages. */
  readonly handler: Handler | undefined
  readonly fast: FastChain
  /** Undefined if no stage sees what leaves. */
  readonly leaving: Leaving | undefined
  /** Undefined if the block takes every question for its names. */
  readonly accepts: ((query: Query) => boolean) | undefined
}

/**
 * `last` stands behind the stages; without it, the last of them that passes on fails. Throws for a
 * stage that cannot be.
 */
export const compose = (stages: readonly NamedStage[], last?: Handler): Composed => {
  const bits = bitsOf(stages)
  const handler = stages.reduceRight<Handler | undefined>(
    (next, { name, stage }, index) =>
      named(name, () => inFront(stage, next ?? noNext(name), bits[index])),
    last,
  )
  const marked = stages.map((one, index) => ({ ...one, bit: bits[index] ?? 0 }))
  const fast = new FastChain(marked)
  return { handler, fast, leaving: Leaving.of(marked), accepts: acceptedByAll(stages) }
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
  const choosing = stages.flatMap(({ stage }) => stage.accepts ?? [])
  return choosing.length === 0 ? undefined : query => choosing.every(accepts => accepts(query))
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
