// Fields, indexes, slices and `in`. Strings are indexed and cut by bytes, as in Go.

import type { Budget } from './budget.ts'
import { asInt, checkKey, goTypeOf, isArray, isAscii, isEqual, isMap, type Value } from './value.ts'

/** A value of a map or an array; a map's missing field is nil. */
export const fetch = (from: Value, key: Value): Value => {
  if (isMap(from)) return field(from, key)
  if (!isArray(from) && typeof from !== 'string')
    throw new TypeError(`cannot fetch ${String(key)} from ${goTypeOf(from)}`)
  const length = lengthOf(from)
  const index = placeOf(key, length)
  if (index < 0 || index >= length)
    throw new RangeError(`index out of range: ${index} (array length is ${length})`)
  return typeof from === 'string' ? BigInt(Buffer.from(from)[index] ?? 0) : (from[index] ?? null)
}

/** The same, with nil for whatever is not there. */
export const find = (from: Value, key: Value): Value => {
  if (from === null) return null
  if (isMap(from)) return field(from, key)
  if (!isArray(from) && typeof from !== 'string') return null
  const index = placeOf(key, lengthOf(from))
  return index < 0 || index >= lengthOf(from) ? null : fetch(from, BigInt(index))
}

const field = (map: ReadonlyMap<Value, Value>, key: Value): Value => {
  checkKey(map, key)
  return map.get(key) ?? null
}

const lengthOf = (value: string | readonly Value[]): number =>
  typeof value === 'string' ? Buffer.byteLength(value) : value.length

/** Counted from the end if it is negative. */
const placeOf = (key: Value, length: number): number => {
  const index = Number(asInt(key))
  return index < 0 ? length + index : index
}

/** Ends beyond what is there are moved in. */
export const slice = (value: Value, from: Value, to: Value, budget: Budget): Value => {
  if (!isArray(value) && typeof value !== 'string')
    throw new TypeError(`cannot slice ${goTypeOf(value)}`)
  const length = lengthOf(value)
  const within = (end: Value): number => Math.min(length, Math.max(0, placeOf(end, length)))
  const end = to === null ? length : within(to)
  const start = Math.min(end, from === null ? 0 : within(from))
  if (typeof value === 'string') {
    budget.grow(end - start)
    return isAscii(value)
      ? value.slice(start, end)
      : Buffer.from(value).toString('utf8', start, end)
  }
  budget.spend(end - start)
  return value.slice(start, end)
}

export const isIn = (needle: Value, hay: Value, budget: Budget): boolean => {
  if (hay === null) return false
  if (isMap(hay)) {
    checkKey(hay, needle)
    return hay.has(needle)
  }
  if (!isArray(hay)) throw new TypeError(`operator "in" not defined on ${goTypeOf(hay)}`)
  budget.spend(hay.length)
  return hay.some(item => isEqual(item, needle, budget))
}
