// The expression language of *view* and *template*: expr-lang 1.17, as far as values go that a
// query has. An expression is compiled once, checked by its types, and run for each query, within
// bounds.

import type { Code } from './compiled.ts'
import { Compiler, type OwnFunction } from './compiler.ts'
import { ExpressionError } from './expression-error.ts'
import type { Node } from './node.ts'
import { Parser } from './parser.ts'
import { Run } from './run.ts'
import type { Type } from './types.ts'
import { type Value, valueToText } from './value.ts'

/** In characters. */
const MOST_CHARACTERS = 1_048_576

const NO_VARIABLES: ReadonlyMap<string, never> = new Map<string, never>()

/** What an expression may use besides the language's own. */
export interface ExpressionScope<Env> {
  /** By their names; they hide builtins. */
  readonly functions: ReadonlyMap<string, OwnFunction<Env>>
  /** Whose values are given when it runs. */
  readonly variables?: ReadonlyMap<string, Type>
}

export class Expression<Env> {
  /** Of its value; 'unknown' if that is only known when it runs. */
  readonly type: Type
  /** Which of the scope's functions it calls. */
  readonly called: ReadonlySet<string>
  /** As it was read, for those who can answer it in another way. */
  readonly tree: Node
  readonly #code: Code

  constructor(tree: Node, type: Type, called: ReadonlySet<string>, code: Code) {
    this.tree = tree
    this.type = type
    this.called = called
    this.#code = code
  }

  /** Throws an ExpressionError if it fails, or does too much. */
  run(env: Env, variables: ReadonlyMap<string, Value> = NO_VARIABLES): Value {
    const run = new Run<unknown>(env, variables)
    try {
      return this.#code(run)
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      throw new ExpressionError(text, run.place)
    }
  }
}

/** Throws an ExpressionError for what is wrong, or not supported. */
export const compileExpression = <Env>(
  text: string,
  { functions, variables = NO_VARIABLES }: ExpressionScope<Env>,
): Expression<Env> => {
  if (text.length > MOST_CHARACTERS)
    throw new ExpressionError(`expression is longer than ${MOST_CHARACTERS} characters`, 0)
  const names = new Set([...functions.keys(), ...variables.keys()])
  const tree = new Parser(text, names).parse()
  const compiler = new Compiler(functions as ReadonlyMap<string, OwnFunction<unknown>>, variables)
  const { type, code } = compiler.compile(tree)
  return new Expression(tree, type, compiler.called, code)
}

/** As Go's %v prints it. Throws a RangeError for what is too much to print. */
export const formatValue = (value: Value): string =>
  valueToText(value, new Run<unknown>(undefined, NO_VARIABLES))
