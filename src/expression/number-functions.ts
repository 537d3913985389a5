// Builtins on numbers.

import type { Budget } from './budget.ts'
import { argumentCount, type Builtin, CallFault, mustBe, oneOf } from './builtin.ts'
import type { NumberFunction } from './builtin-names.ts'
import { parseFloatText, parseIntText, toInt64 } from './number-text.ts'
import { FLOAT, INT, type Type, UNKNOWN } from './types.ts'
import { compare, goTypeOf, isArray, isNumeric, type Value } from './value.ts'

const ONE_NUMBER: Builtin['check'] = (args, name) => {
  argumentCount(args, 1)
  mustBe(args[0], ['int', 'float'], given => `invalid argument for ${name} (type ${given})`)
  return FLOAT
}

const rounding = (name: string, round: (value: number) => number): Builtin => ({
  check: ONE_NUMBER,
  run: ([value = null]) => {
    if (isNumeric(value)) return round(Number(value))
    throw new TypeError(`invalid argument for ${name} (type ${goTypeOf(value)})`)
  },
})

/** Half away from zero. */
const round = (value: number): number =>
  Number.isFinite(value) ? Math.sign(value) * Math.floor(Math.abs(value) + 0.5) : value

const abs = (value: Value): Value => {
  if (typeof value === 'bigint') return toInt64(value < 0n ? -value : value)
  if (typeof value === 'number') return Math.abs(value)
  throw new TypeError(`invalid argument for abs (type ${goTypeOf(value)})`)
}

const INT_LIMIT = 2 ** 63

const int = (value: Value): Value => {
  if (typeof value === 'bigint') return value
  // Go leaves what is out of range to the processor: the smallest integer on most.
  if (typeof value === 'number')
    return Math.abs(value) < INT_LIMIT ? BigInt(Math.trunc(value)) : -(2n ** 63n)
  const read = typeof value === 'string' ? parseIntText(value) : undefined
  if (read !== undefined) return read
  throw new TypeError(
    `invalid operation: int(${typeof value === 'string' ? value : goTypeOf(value)})`,
  )
}

const float = (value: Value): Value => {
  if (isNumeric(value)) return Number(value)
  const read = typeof value === 'string' ? parseFloatText(value) : undefined
  if (read !== undefined) return read
  throw new TypeError(
    `invalid operation: float(${typeof value === 'string' ? value : goTypeOf(value)})`,
  )
}

const conversion = (gives: Type, convert: (value: Value) => Value): Builtin => ({
  check: (args, name) => {
    argumentCount(args, 1)
    const kinds = ['int', 'float', 'string'] as const
    mustBe(args[0], kinds, given => `invalid argument for ${name} (type ${given})`)
    return gives
  },
  run: ([value = null]) => convert(value),
})

/** Of numbers and arrays of numbers, in each other too. */
const aggregateCheck: Builtin['check'] = (args, name) => {
  if (args.length === 0) throw new CallFault(`not enough arguments to call ${name}`)
  for (const arg of args) {
    if (arg.kind === 'unknown' || arg.kind === 'array') return UNKNOWN
    mustBe(arg, ['int', 'float'], given => `invalid argument for ${name} (type ${given})`)
  }
  return args[0] ?? UNKNOWN
}

const allNumbers = (
  values: readonly Value[],
  name: string,
  budget: Budget,
  found: (bigint | number)[] = [],
): (bigint | number)[] => {
  budget.spend(values.length)
  for (const value of values) {
    if (isNumeric(value)) found.push(value)
    else if (isArray(value)) allNumbers(value, name, budget, found)
    else throw new TypeError(`invalid argument for ${name} (type ${goTypeOf(value)})`)
  }
  return found
}

const extreme = (name: string, sign: number): Builtin => ({
  check: aggregateCheck,
  run: (args, budget) => {
    let best: bigint | number | undefined
    for (const value of allNumbers(args, name, budget))
      if (best === undefined || sign * (compare(value, best) ?? 0) > 0) best = value
    return best ?? null
  },
})

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}

const average = (name: string, of: (values: readonly number[]) => number): Builtin => ({
  check: aggregateCheck,
  run: (args, budget) => of(allNumbers(args, name, budget).map(Number)),
})

const bits = (operate: (left: bigint, right: bigint) => bigint): Builtin => ({
  check: oneOf({ takes: [INT, INT], gives: INT }),
  run: ([left = null, right = null]) => toInt64(operate(bitsOf(left), bitsOf(right))),
})

const bitsOf = (value: Value): bigint => {
  if (typeof value === 'bigint') return value
  throw new TypeError(`cannot use ${goTypeOf(value)} as argument (type int)`)
}

const INT_BITS = 64n

/** How far: everything is shifted out by 64 bits. */
const distance = (by: bigint): bigint => {
  if (by < 0n) throw new RangeError(`invalid operation: negative shift count ${by} (type int)`)
  return by < INT_BITS ? by : INT_BITS
}

export const NUMBER_BUILTINS: Readonly<Record<NumberFunction, Builtin>> = {
  abs: {
    check: (args, name) => {
      ONE_NUMBER(args, name)
      return args[0] ?? UNKNOWN
    },
    run: ([value = null]) => abs(value),
  },
  ceil: rounding('ceil', Math.ceil),
  floor: rounding('floor', Math.floor),
  round: rounding('round', round),
  int: conversion(INT, int),
  float: conversion(FLOAT, float),
  max: extreme('max', 1),
  min: extreme('min', -1),
  mean: average('mean', mean),
  median: average('median', median),
  bitand: bits((left, right) => left & right),
  bitor: bits((left, right) => left | right),
  bitxor: bits((left, right) => left ^ right),
  bitnand: bits((left, right) => left & ~right),
  bitshl: bits((left, right) => left << distance(right)),
  bitshr: bits((left, right) => left >> distance(right)),
  bitushr: bits((left, right) => BigInt.asUintN(64, left) >> distance(right)),
  bitnot: {
    check: oneOf({ takes: [INT], gives: INT }),
    run: ([value = null]) => ~bitsOf(value),
  },
}
