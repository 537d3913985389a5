// Operators on numbers and strings, with Go's error texts. Integers stay integers, of 64 bits; one
// float makes a float.

import type { Budget } from './budget.ts'
import type { OrderOperator } from './node.ts'
import { toInt64 } from './number-text.ts'
import { asInt, compare, goTypeOf, isNumeric, type Value } from './value.ts'

const invalid = (left: Value, operator: string, right: Value): never => {
  throw new TypeError(`invalid operation: ${goTypeOf(left)} ${operator} ${goTypeOf(right)}`)
}

export const add = (left: Value, right: Value, budget: Budget): Value => {
  if (typeof left === 'string' && typeof right === 'string') {
    budget.grow(left.length + right.length)
    return left + right
  }
  if (typeof left === 'bigint' && typeof right === 'bigint') return toInt64(left + right)
  if (!isNumeric(left) || !isNumeric(right)) return invalid(left, '+', right)
  return Number(left) + Number(right)
}

export const subtract = (left: Value, right: Value): Value => {
  if (typeof left === 'bigint' && typeof right === 'bigint') return toInt64(left - right)
  if (!isNumeric(left) || !isNumeric(right)) return invalid(left, '-', right)
  return Number(left) - Number(right)
}

export const multiply = (left: Value, right: Value): Value => {
  if (typeof left === 'bigint' && typeof right === 'bigint') return toInt64(left * right)
  if (!isNumeric(left) || !isNumeric(right)) return invalid(left, '*', right)
  return Number(left) * Number(right)
}

/** Always a float. */
export const divide = (left: Value, right: Value): Value =>
  isNumeric(left) && isNumeric(right) ? Number(left) / Number(right) : invalid(left, '/', right)

export const modulo = (left: Value, right: Value): Value => {
  if (typeof left !== 'bigint' || typeof right !== 'bigint') return invalid(left, '%', right)
  if (right === 0n) throw new RangeError('integer divide by zero')
  return left % right
}

/** Always a float. */
export const power = (left: Value, right: Value): Value => {
  for (const value of [left, right])
    if (!isNumeric(value)) throw new TypeError(`invalid operation: float(${goTypeOf(value)})`)
  return Number(left) ** Number(right)
}

export const negate = (value: Value): Value => {
  if (typeof value === 'bigint') return toInt64(-value)
  if (typeof value === 'number') return -value
  throw new TypeError(`invalid operation: - ${goTypeOf(value)}`)
}

export const ordered = (left: Value, operator: OrderOperator, right: Value): boolean => {
  const order = compare(left, right) ?? invalid(left, operator, right)
  switch (operator) {
    case '<':
      return order < 0
    case '>':
      return order > 0
    case '<=':
      return order <= 0
    case '>=':
      return order >= 0
  }
}

/** `from..to`, both included. */
export const range = (from: Value, to: Value, budget: Budget): Value[] => {
  const first = asInt(from)
  const size = asInt(to) - first + 1n
  if (size <= 0n) return []
  budget.spend(Number(size))
  return Array.from({ length: Number(size) }, (_, index) => first + BigInt(index))
}
