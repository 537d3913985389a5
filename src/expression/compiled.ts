// What a part of an expression is compiled to: its type, and code that gives its value.

import type { Run } from './run.ts'
import type { Type } from './types.ts'
import type { Value } from './value.ts'

export type Code = (run: Run<unknown>) => Value

export interface Compiled {
  readonly type: Type
  readonly code: Code
  /** Its value, if it is always the same. */
  readonly constant?: Value
}

export const constantOf = (type: Type, value: Value): Compiled => ({
  type,
  code: () => value,
  constant: value,
})
