// One run of an expression: what it is run for, its variables, and how much it may still do.

import type { Budget } from './budget.ts'
import type { Value } from './value.ts'

/**
 * What code of an expression does: nodes in loops, items of arrays, characters that are matched.
 */
const MOST_STEPS = 1_000_000
/** Of all strings that it makes. */
const MOST_BYTES = 1 << 20

export class Run<Env> implements Budget {
  readonly env: Env
  readonly variables: ReadonlyMap<string, Value>
  /** Of `let`, and of each predicate its item, its index and what it has gathered. */
  readonly locals: Value[] = []
  /** Where in the text it is, for the error. */
  place = 0
  #steps = MOST_STEPS
  #bytes = MOST_BYTES

  constructor(env: Env, variables: ReadonlyMap<string, Value>) {
    this.env = env
    this.variables = variables
  }

  spend(steps: number): void {
    this.#steps -= steps
    if (this.#steps < 0) throw new RangeError('too many steps')
  }

  make(text: string): string {
    this.grow(text.length)
    return text
  }

  grow(characters: number): void {
    this.#bytes -= characters
    if (this.#bytes < 0) throw new RangeError('memory budget exceeded')
  }
}
