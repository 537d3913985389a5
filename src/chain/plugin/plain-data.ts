// Checks that a plugin's options and shared values are plain data. Structured clone takes them to
// the shards: it fails at functions without naming the place, and turns class instances into plain
// objects.

import { messageOf } from '../errors.ts'

/** Structured clone is recursive, and overflows the stack on deeper values. */
const MOST_DEPTH = 200

/** The place of a value within another. */
interface Found {
  readonly value: unknown
  readonly key: PropertyKey
  readonly holder: Found | undefined
  readonly depth: number
}

/**
 * Why `value` is not plain data: `a function in 'zones.0'`. Undefined if it is. Each object is
 * visited once, so cycles end.
 */
export const notPlainIn = (value: unknown): string | undefined => {
  try {
    const strange = strangeIn(value)
    // Only structured clone itself can tell: a Proxy cannot be recognised from outside.
    if (strange === undefined) structuredClone(value)
    return strange
  } catch (error) {
    return messageOf(error)
  }
}

const strangeIn = (value: unknown): string | undefined => {
  const seen = new Set<unknown>()
  const left: Found[] = [{ value, key: '', holder: undefined, depth: 0 }]
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    const { depth } = one
    const kind = strangeKind(one.value)
    if (kind !== undefined) return kind + pathOf(one)
    if (depth > MOST_DEPTH) return `more than ${MOST_DEPTH} objects in each other`
    if (seen.has(one.value)) continue
    seen.add(one.value)
    for (const [key, inner] of entriesOf(one.value)) {
      const found = { value: inner, key, holder: one, depth: depth + 1 }
      if (inner === GETTER) return `a getter${pathOf(found)}`
      if (isCompound(inner)) left.push(found)
    }
  }
  return undefined
}

const isCompound = (value: unknown): boolean =>
  (typeof value === 'object' && value !== null) ||
  typeof value === 'function' ||
  typeof value === 'symbol'

const strangeKind = (value: unknown): string | undefined => {
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  if (!isCompound(value) || Array.isArray(value) || isBytes(value)) return undefined
  const prototype = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) return undefined
  return `an object of class ${prototype.constructor?.name ?? '?'}`
}

const isBytes = (value: unknown): boolean =>
  ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer

/** Stands for a property with a getter, whose value may differ at each read. */
const GETTER = Symbol('getter')

const entriesOf = (value: unknown): Iterable<readonly [PropertyKey, unknown]> => {
  if (Array.isArray(value)) return value.entries()
  return isCompound(value) && !isBytes(value) ? valuesOf(value as object) : []
}

const valuesOf = function* (holder: object): Generator<readonly [PropertyKey, unknown]> {
  for (const key of Object.keys(holder)) {
    const property = Object.getOwnPropertyDescriptor(holder, key)
    yield [key, property?.get === undefined ? property?.value : GETTER]
  }
}

const pathOf = (found: Found): string => {
  const keys: string[] = []
  for (let one = found; one.holder !== undefined; one = one.holder) keys.unshift(String(one.key))
  return keys.length === 0 ? '' : ` in '${keys.join('.')}'`
}
