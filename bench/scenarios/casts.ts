// Picks contestants for the scenarios that need some of them, or some of them in another shape.

import type { Bench } from '../bench.ts'
import type { Contestant, Variant } from '../contestants/contestant.ts'

/** Peers of scenarios that take long for each contestant. */
export const BESIDE: readonly string[] = ['coredns', 'unbound']

export const present = (bench: Bench): Contestant[] =>
  bench.contestants.filter(({ absent }) => absent === undefined)

export const shardnsOf = (bench: Bench): Contestant[] =>
  present(bench).filter(({ kind }) => kind === 'shardns')

/** The sources of the usual engine; none if they are not chosen. */
export const usualSources = (bench: Bench): Contestant[] =>
  shardnsOf(bench).filter(({ name }) => name === 'shardns')

/** Each in that shape, its name with a suffix; those without variants are left out. */
export const inShape = (
  cast: readonly Contestant[],
  suffix: string,
  variant: Variant,
): Contestant[] =>
  cast.flatMap(contestant => contestant.variant?.(`${contestant.name}${suffix}`, variant) ?? [])
