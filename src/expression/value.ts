// Values while an expression runs. Integers are bigints of 64 bits, floats are numbers: so the two
// are told apart as in Go.

import type { Budget } from './budget.ts'
import { floatToText } from './number-text.ts'

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly Value[]
  | ReadonlyMap<Value, Value>

/** With strings for keys, as map literals and JSON have them: no other key can be asked for. */
export class TextMap extends Map<Value, Value> {}

/** Throws for a key that no map of the kind has. */
export const checkKey = (map: ReadonlyMap<Value, Value>, key: Value): void => {
  if (map instanceof TextMap && key !== null && typeof key !== 'string')
    throw new TypeError(`value of type ${goTypeOf(key)} is not assignable to type string`)
}

/** Go's name for the type, for error texts. */
export const goTypeOf = (value: Value): string => {
  if (value === null) return '<nil>'
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return 'float64'
    case 'string':
      return 'string'
    default:
      return isArray(value) ? '[]interface {}' : 'map[string]interface {}'
  }
}

export const isArray = (value: Value): value is readonly Value[] => Array.isArray(value)
export const isMap = (value: Value): value is ReadonlyMap<Value, Value> => value instanceof Map
export const isNumeric = (value: Value): value is bigint | number =>
  typeof value === 'bigint' || typeof value === 'number'

const conversion = (value: Value, wanted: string): never => {
  throw new TypeError(
    `interface conversion: interface {} is ${goTypeOf(value).replace('<nil>', 'nil')}, not ${wanted}`,
  )
}

export const asBool = (value: Value): boolean =>
  typeof value === 'boolean' ? value : conversion(value, 'bool')

export const asText = (value: Value): string =>
  typeof value === 'string' ? value : conversion(value, 'string')

/** A float is cut. */
export const asInt = (value: Value): bigint => {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isFinite(value)) return BigInt(Math.trunc(value))
  throw new TypeError(`invalid operation: int(${goTypeOf(value)})`)
}

export const asArray = (value: Value, what: string): readonly Value[] => {
  if (isArray(value)) return value
  throw new TypeError(`cannot ${what} ${goKind(value)}`)
}

export const asMap = (value: Value, what: string): ReadonlyMap<Value, Value> => {
  if (isMap(value)) return value
  throw new TypeError(`cannot ${what} ${goKind(value)}`)
}

const goKind = (value: Value): string => {
  if (value === null) return 'invalid'
  if (isArray(value)) return 'slice'
  return isMap(value) ? 'map' : goTypeOf(value)
}

/** As Go's %v prints it. What is shared by many arrays is printed as often: that is counted. */
export const valueToText = (value: Value, budget: Budget): string => {
  if (typeof value === 'string') return budget.make(value)
  if (value === null) return '<nil>'
  if (typeof value === 'number') return floatToText(value)
  if (isArray(value)) {
    budget.spend(value.length)
    return `[${value.map(item => valueToText(item, budget)).join(' ')}]`
  }
  if (!isMap(value)) return String(value)
  budget.spend(value.size)
  const pairs = [...value].map(
    ([key, item]) => `${valueToText(key, budget)}:${valueToText(item, budget)}`,
  )
  return `map[${pairs.sort().join(' ')}]`
}

/** `==`: integers and floats are compared as floats, arrays item by item. */
export const isEqual = (left: Value, right: Value, budget: Budget): boolean => {
  if (typeof left === 'bigint' && typeof right === 'number') return Number(left) === right
  if (typeof left === 'number' && typeof right === 'bigint') return left === Number(right)
  if (isArray(left) && isArray(right)) {
    if (left.length !== right.length) return false
    budget.spend(left.length)
    return left.every((item, index) => isEqual(item, right[index] ?? null, budget))
  }
  if (isMap(left) && isMap(right)) return isSameMap(left, right, budget)
  return left === right
}

type ValueMap = ReadonlyMap<Value, Value>

const isSameMap = (left: ValueMap, right: ValueMap, budget: Budget): boolean => {
  if (left.size !== right.size) return false
  budget.spend(left.size)
  return [...left].every(
    ([key, item]) => right.has(key) && isSame(item, right.get(key) ?? null, budget),
  )
}

/** Inside a map 1 is not 1.0. */
const isSame = (left: Value, right: Value, budget: Budget): boolean =>
  goTypeOf(left) === goTypeOf(right) && isEqual(left, right, budget)

/** Below 0, 0 or above it as the left one is less; undefined where the two have no order. */
export const compare = (left: Value, right: Value): number | undefined => {
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right)
  if (!isNumeric(left) || !isNumeric(right)) return undefined
  if (typeof left === typeof right) return order(left, right)
  return order(Number(left), Number(right))
}

/** NaN is neither less nor more nor equal. */
const order = (left: bigint | number, right: bigint | number): number => {
  if (left < right) return -1
  if (left > right) return 1
  return left === right ? 0 : Number.NaN
}

/** By bytes, as Go does it: code units of UTF-16 would be in another order. */
const compareText = (left: string, right: string): number =>
  isAscii(left) && isAscii(right)
    ? orderOfText(left, right)
    : Buffer.compare(Buffer.from(left), Buffer.from(right))

const orderOfText = (left: string, right: string): number => {
  if (left === right) return 0
  return left < right ? -1 : 1
}

export const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text)
