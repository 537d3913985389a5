// The round loop of scenarios that start a server for each measurement: A B C A B C. One that fails
// is dropped, never fatal.

import type { Bench, Outcome, Sample } from '../bench.ts'

export interface Turn {
  /** Of the row. */
  readonly name: string
  readonly measure: (round: number) => Promise<Sample>
}

export const inTurns = async (
  bench: Bench,
  scenario: string,
  rounds: number,
  turns: readonly Turn[],
): Promise<Outcome> => {
  const samples: Record<string, Sample[]> = {}
  const dropped: Record<string, string> = {}
  for (let round = 0; round < rounds; round++) {
    for (const { name, measure } of turns.filter(turn => dropped[turn.name] === undefined)) {
      bench.progress(`${scenario}: round ${round + 1} of ${rounds}: ${name}`)
      try {
        const sample = await measure(round)
        const known = (samples[name] ??= [])
        known.push({ round, ...sample })
      } catch (error) {
        dropped[name] = error instanceof Error ? error.message : String(error)
      }
    }
  }
  return { samples, dropped, notes: [] }
}
