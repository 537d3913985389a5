// Picks contestants for the scenarios that need some of them, or some of them in another shape.

import type { Bench } from '../bench.ts'
import type { Contestant, Variant } from '../contestants/contestant.ts'

export const present = (bench: Bench): Contestant[] =>
  bench.contestants.filter(({ absent }) => absent === undefined)

export const shardnsOf = (bench: Bench): Contestant[] =>
  present(bench).filter(({ kind }) => kind === 'shardns')

/** Each in that shape, its name with a suffix; those without variants are left out. */
export const inShape = (
  cast: readonly Contestant[],
  suffix: string,
  variant: Variant,
): Contestant[] =>
  cast.flatMap(contestant => contestant.variant?.(`${contestant.name}${suffix}`, variant) ?? [])
