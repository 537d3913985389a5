// The order in which upstreams are tried for one query.

import { randomOrder } from '../base/entropy.ts'

export const POLICIES = ['random', 'round_robin', 'sequential'] as const
export type PolicyName = (typeof POLICIES)[number]

/** Indexes of the upstreams, all of them, each once. */
export type Order = () => readonly number[]

/** `words[turnWord]` is the turn of round_robin, which all shards share. */
export const makePolicy = (
  name: PolicyName,
  count: number,
  words: Int32Array,
  turnWord: number,
): Order => {
  const inOrder = Array.from({ length: count }, (_, index) => index)
  if (name === 'sequential' || count === 1) return () => inOrder
  if (name === 'random') return () => randomOrder(count)
  // The chosen one first, then the others in the order of the configuration.
  const rotations = inOrder.map(first => [first, ...inOrder.filter(index => index !== first)])
  return () => rotations[((Atomics.add(words, turnWord, 1) + 1) >>> 0) % count]!
}
