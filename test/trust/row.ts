// What the campaign is made of: rows, each of which tries one thing against one bar and says what
// came of it.

import type { World } from './world.ts'

export interface Figure {
  /** What was counted and measured, with the amounts that were really tried. */
  readonly figure: string
  /** What fell short of the bar; none: it holds. */
  readonly faults: readonly string[]
  /** This machine has not what it takes; `figure` says what. */
  readonly isUntried?: true
}

export interface Row {
  /** Id of a bar in bars.ts. */
  readonly bar: string
  /** Unique, and what `--only` takes. */
  readonly name: string
  readonly tried: string
  /** Tried in a small form by `npm test` as well. */
  readonly isShort?: true
  /**
   * Tried on a host of its own, for which every address of 10.0.0.0/8 and fd00::/16 is its own
   * (own-host.ts): clients on loopback have privileges.
   */
  readonly hasOwnHost?: true
  /** For one that takes longer than others may. */
  readonly limitMs?: number
  /** May throw: that is a fault of the row's own. */
  run(world: World): Promise<Figure>
}

export type Verdict = 'holds' | 'falls short' | 'not tried'

export const verdictOf = ({ faults, isUntried }: Figure): Verdict => {
  if (isUntried) return 'not tried'
  return faults.length === 0 ? 'holds' : 'falls short'
}

/** The faults whose condition is true. */
export const faultsOf = (...conditions: readonly (readonly [boolean, string])[]): string[] =>
  conditions.filter(([isFault]) => isFault).map(([, text]) => text)
