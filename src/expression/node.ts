// The tree that an expression is read into.

interface At {
  readonly offset: number
  /** How many nodes stand below each other from here, this one included. */
  readonly depth: number
  /** How many nodes it has, this one included. */
  readonly size: number
}

export type OrderOperator = '<' | '>' | '<=' | '>='

/** A comparison goes on: `< 5` behind `1 < x`. */
export interface Compared {
  readonly operator: OrderOperator
  readonly operand: Node
  readonly offset: number
}

export type BinaryOperator =
  | '|'
  | 'or'
  | '||'
  | 'and'
  | '&&'
  | '=='
  | '!='
  | 'in'
  | 'matches'
  | 'contains'
  | 'startsWith'
  | 'endsWith'
  | '..'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '**'
  | '^'
  | '??'

export type Node = At &
  (
    | { readonly kind: 'constant'; readonly value: null | boolean | bigint | number | string }
    | { readonly kind: 'identifier'; readonly name: string }
    | { readonly kind: 'unary'; readonly operator: string; readonly operand: Node }
    | {
        readonly kind: 'binary'
        readonly operator: BinaryOperator
        readonly left: Node
        readonly right: Node
      }
    /** `1 < x <= 5`: each with the one before it. */
    | { readonly kind: 'comparison'; readonly first: Node; readonly rest: readonly Compared[] }
    | { readonly kind: 'array'; readonly items: readonly Node[] }
    | { readonly kind: 'map'; readonly pairs: readonly (readonly [key: Node, value: Node])[] }
    | {
        readonly kind: 'member'
        readonly base: Node
        readonly property: Node
        readonly isOptional: boolean
        readonly isMethod: boolean
      }
    /** Where a `?.` that finds nothing ends: the whole is nil. */
    | { readonly kind: 'chain'; readonly inner: Node }
    | {
        readonly kind: 'slice'
        readonly base: Node
        readonly from: Node | undefined
        readonly to: Node | undefined
      }
    | { readonly kind: 'call'; readonly callee: Node; readonly args: readonly Node[] }
    | { readonly kind: 'builtin'; readonly name: string; readonly args: readonly Node[] }
    | { readonly kind: 'predicate'; readonly body: Node }
    /** `#` with the empty name, `#index`, `#acc`. */
    | { readonly kind: 'pointer'; readonly name: string }
    | {
        readonly kind: 'conditional'
        readonly condition: Node
        /** Absent in `a ?: b`: the condition. */
        readonly then: Node | undefined
        readonly otherwise: Node
      }
    | { readonly kind: 'let'; readonly name: string; readonly value: Node; readonly body: Node }
    | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  )
