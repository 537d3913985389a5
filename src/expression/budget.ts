// How much an expression may still do, for those of its parts that make or look at much.

export interface Budget {
  /** Throws when the expression has done too much. */
  readonly spend: (steps: number) => void
  /** The text, counted. */
  readonly make: (text: string) => string
  /** The same, for texts that are not made yet. */
  readonly grow: (characters: number) => void
}
