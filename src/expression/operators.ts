// Operators between two values: which types they take, and their code.

import { compileRegexp, type Pattern, patternLength } from '../base/text/regexp.ts'
import { add, divide, modulo, multiply, ordered, power, range, subtract } from './arithmetic.ts'
import { isIn } from './collections.ts'
import type { Code, Compiled } from './compiled.ts'
import { ExpressionError } from './expression-error.ts'
import type { BinaryOperator, OrderOperator } from './node.ts'
import type { Run } from './run.ts'
import {
  arrayOf,
  BOOL,
  FLOAT,
  goName,
  INT,
  isAssignable,
  isComparable,
  isNumber,
  mayFit,
  NIL,
  promoted,
  STRING,
  type Type,
  UNKNOWN,
} from './types.ts'
import { asBool, asText, isEqual, type Value } from './value.ts'

type Operation = (left: Value, right: Value, run: Run<unknown>) => Value
/** The type of the result; undefined if the operator does not take the two. */
type Typing = (left: Type, right: Type) => Type | undefined

const bothBool: Typing = (left, right) =>
  (left.kind === 'bool' && right.kind === 'bool') || mayFit(left, right, 'bool') ? BOOL : undefined

const bothText: Typing = (left, right) =>
  (left.kind === 'string' && right.kind === 'string') || mayFit(left, right, 'string')
    ? BOOL
    : undefined

const NUMBER_KINDS = ['int', 'float'] as const

const summed: Typing = (left, right) => {
  if (isNumber(left) && isNumber(right)) return promoted(left, right)
  return mayFit(left, right, ...NUMBER_KINDS) ? UNKNOWN : undefined
}

const added: Typing = (left, right) => {
  if (left.kind === 'string' && right.kind === 'string') return STRING
  return mayFit(left, right, 'string') ? UNKNOWN : summed(left, right)
}

const floating: Typing = (left, right) =>
  (isNumber(left) && isNumber(right)) || mayFit(left, right, ...NUMBER_KINDS) ? FLOAT : undefined

const integers =
  (gives: Type): Typing =>
  (left, right) =>
    (left.kind === 'int' && right.kind === 'int') || mayFit(left, right, 'int') ? gives : undefined

export const orderTyping: Typing = (left, right) =>
  isNumber(left) && isNumber(right) ? BOOL : (bothText(left, right) ?? boolIf(summed(left, right)))

const boolIf = (type: Type | undefined): Type | undefined => (type === undefined ? undefined : BOOL)

const coalescedType = (left: Type, right: Type): Type => {
  if (left.kind === 'nil') return right.kind === 'nil' ? NIL : right
  return right.kind === 'nil' || isAssignable(right, left) ? left : UNKNOWN
}

/** Nil has no text: nothing matches it. */
const onTexts =
  (test: (text: string, part: string) => boolean): Operation =>
  (left, right) =>
    left !== null && right !== null && test(asText(left), asText(right))

type PlainOperator = Exclude<
  BinaryOperator,
  '|' | 'or' | '||' | 'and' | '&&' | '??' | 'in' | 'matches'
>

const PLAIN: Readonly<Record<PlainOperator, { typing: Typing; operate: Operation }>> = {
  '==': {
    typing: (left, right) => (isComparable(left, right) ? BOOL : undefined),
    operate: isEqual,
  },
  '!=': {
    typing: (left, right) => (isComparable(left, right) ? BOOL : undefined),
    operate: (left, right, run) => !isEqual(left, right, run),
  },
  contains: { typing: bothText, operate: onTexts((text, part) => text.includes(part)) },
  startsWith: { typing: bothText, operate: onTexts((text, part) => text.startsWith(part)) },
  endsWith: { typing: bothText, operate: onTexts((text, part) => text.endsWith(part)) },
  '..': { typing: integers(arrayOf(INT)), operate: range },
  '+': { typing: added, operate: add },
  '-': { typing: summed, operate: subtract },
  '*': { typing: summed, operate: multiply },
  '/': { typing: floating, operate: divide },
  '%': { typing: integers(INT), operate: modulo },
  '**': { typing: floating, operate: power },
  '^': { typing: floating, operate: power },
}

const typed = (typing: Typing, operator: string, left: Type, right: Type, offset: number): Type => {
  const type = typing(left, right)
  if (type !== undefined) return type
  throw new ExpressionError(
    `invalid operation: ${operator} (mismatched types ${goName(left)} and ${goName(right)})`,
    offset,
  )
}

export const compileBinary = (
  operator: BinaryOperator,
  left: Compiled,
  right: Compiled,
  offset: number,
): Compiled => {
  switch (operator) {
    case 'and':
    case '&&':
    case 'or':
    case '||':
      return logical(operator, left, right, offset)
    case '??': {
      const type = coalescedType(left.type, right.type)
      return { type, code: run => left.code(run) ?? right.code(run) }
    }
    case 'in':
      return membership(left, right, offset)
    case 'matches':
      return matching(left, right, offset)
    case '|':
      throw new ExpressionError('unexpected operator |', offset)
    default:
      return plain(operator, left, right, offset)
  }
}

const plain = (
  operator: PlainOperator,
  left: Compiled,
  right: Compiled,
  offset: number,
): Compiled => {
  const { typing, operate } = PLAIN[operator]
  const type = typed(typing, operator, left.type, right.type, offset)
  if (operator === '%' && right.constant === 0n)
    throw new ExpressionError('integer divide by zero', offset)
  return { type, code: operation(operate, left, right, offset) }
}

/** The place is noted when both sides are known: what fails from here on fails here. */
const operation =
  (operate: Operation, left: Compiled, right: Compiled, offset: number): Code =>
  run => {
    const leftValue = left.code(run)
    const rightValue = right.code(run)
    run.place = offset
    return operate(leftValue, rightValue, run)
  }

const logical = (
  operator: 'and' | '&&' | 'or' | '||',
  left: Compiled,
  right: Compiled,
  offset: number,
): Compiled => {
  const type = typed(bothBool, operator, left.type, right.type, offset)
  const ends = operator === 'or' || operator === '||'
  const code: Code = run => {
    const value = left.code(run)
    run.place = offset
    return asBool(value) === ends ? ends : right.code(run)
  }
  return { type, code }
}

export interface ComparedWith {
  readonly operator: OrderOperator
  readonly operand: Compiled
  readonly offset: number
}

/** Each operand is computed once at most. */
export const compileComparison = (first: Compiled, rest: readonly ComparedWith[]): Compiled => {
  let left = first.type
  for (const { operator, operand, offset } of rest) {
    typed(orderTyping, operator, left, operand.type, offset)
    left = operand.type
  }
  const code: Code = run => {
    let value = first.code(run)
    for (const { operator, operand, offset } of rest) {
      const next = operand.code(run)
      run.place = offset
      if (!ordered(value, operator, next)) return false
      value = next
    }
    return true
  }
  return { type: BOOL, code }
}

const membership = (left: Compiled, right: Compiled, offset: number): Compiled => {
  const needle = left.type
  const hay = right.type
  const shown = goName(needle)
  if (hay.kind === 'map') {
    if (hay.keys === 'string' && needle.kind !== 'unknown' && needle.kind !== 'string')
      throw new ExpressionError(`cannot use ${shown} as type string in map key`, offset)
  } else if (hay.kind === 'array') {
    if (!isComparable(needle, hay.of))
      throw new ExpressionError(`cannot use ${shown} as type ${goName(hay.of)} in array`, offset)
  } else if (hay.kind !== 'unknown' && !(needle.kind === 'unknown' && hay.kind === 'string'))
    typed(() => undefined, 'in', needle, hay, offset)
  return { type: BOOL, code: operation(isIn, left, right, offset) }
}

/** A constant pattern is compiled once. */
const matching = (left: Compiled, right: Compiled, offset: number): Compiled => {
  const pattern =
    typeof right.constant === 'string' ? compilePattern(right.constant, offset) : undefined
  const type = typed(bothText, 'matches', left.type, right.type, offset)
  if (pattern === undefined) return { type, code: operation(matchDynamic, left, right, offset) }
  const { length } = String(right.constant)
  const code: Code = run => {
    const value = left.code(run)
    run.place = offset
    if (value === null) return false
    const text = asText(value)
    run.spend(matchingSteps(text, length))
    return pattern.test(text)
  }
  return { type, code }
}

const compilePattern = (text: string, offset: number): Pattern => {
  try {
    return compileRegexp(text)
  } catch (error) {
    throw new ExpressionError(error instanceof Error ? error.message : String(error), offset)
  }
}

const matchDynamic: Operation = (left, right, run) => {
  if (left === null || right === null) return false
  const text = asText(left)
  const pattern = asText(right)
  run.spend(patternLength(pattern) * COMPILING_STEPS + matchingSteps(text, pattern.length))
  return compileRegexp(pattern).test(text)
}

/** What a character of a pattern costs, in steps. */
const COMPILING_STEPS = 16

/** A matcher is in up to as many states as the pattern is long, at each character. */
const matchingSteps = (text: string, patternCharacters: number): number =>
  text.length * (1 + (patternCharacters >> 4))
