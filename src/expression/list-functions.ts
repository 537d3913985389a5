// Builtins on arrays and maps.

import type { Budget } from './budget.ts'
import { argumentCount, type Builtin, CallFault, mustBe, oneOf } from './builtin.ts'
import type { ListFunction } from './builtin-names.ts'
import { fetch, find } from './collections.ts'
import {
  ANY_MAP,
  ARRAY,
  goName,
  INT,
  isAssignable,
  STRING,
  STRINGS,
  type Type,
  UNKNOWN,
} from './types.ts'
import {
  asArray,
  asMap,
  asText,
  compare,
  goTypeOf,
  isArray,
  isEqual,
  isMap,
  type Value,
} from './value.ts'

/** As expr-lang, which knows the items of its own strings only. */
const itemType = (type: Type | undefined): Type =>
  type?.kind === 'array' && type.hasGoStrings ? STRING : UNKNOWN

const sameArray = (type: Type | undefined): Type =>
  type?.kind === 'array' && type.hasGoStrings ? STRINGS : ARRAY

/** One argument of one of the kinds. */
const taking =
  (
    kinds: readonly Type['kind'][],
    gives: Type,
    text: (given: string) => string,
  ): Builtin['check'] =>
  args => {
    argumentCount(args, 1)
    mustBe(args[0], kinds, text)
    return gives
  }

/** The result has the items of the argument, or fewer. */
const ofArray = (
  what: string,
  gives: Type,
  make: (items: readonly Value[], budget: Budget) => Value,
): Builtin => ({
  check: taking(['array'], gives, given => `cannot ${what} ${given}`),
  run: ([value = null], budget) => {
    const items = asArray(value, what)
    budget.spend(items.length)
    return make(items, budget)
  },
})

const ofMap = (
  what: string,
  make: (map: ReadonlyMap<Value, Value>) => Value[],
  text = (given: string) => `cannot ${what} ${given}`,
): Builtin => ({
  check: taking(['map'], ARRAY, text),
  run: ([value = null], budget) => {
    const map = asMap(value, what)
    budget.spend(map.size)
    return make(map)
  },
})

/** The first or the last; nil if there is none. */
const end = (which: string, index: bigint): Builtin => ({
  check: args => {
    argumentCount(args, 1)
    mustBe(args[0], ['array'], given => `cannot get ${which} element from ${given}`)
    return itemType(args[0])
  },
  run: ([value = null]) => {
    const isThere = isArray(value) && value.length > 0
    return isThere ? fetch(value, index) : null
  },
})

const length = (value: Value): bigint => {
  if (typeof value === 'string') return BigInt([...value].length)
  if (isArray(value)) return BigInt(value.length)
  if (isMap(value)) return BigInt(value.size)
  throw new TypeError(`invalid argument for len (type ${goTypeOf(value)})`)
}

const checkGet: Builtin['check'] = args => {
  argumentCount(args, 2)
  const [base = UNKNOWN, key = UNKNOWN] = args
  if (base.kind === 'unknown') return UNKNOWN
  if (base.kind === 'array') {
    if (key.kind !== 'int' && key.kind !== 'unknown')
      throw new CallFault(`non-integer slice index ${goName(key)}`, 1)
    return base.of
  }
  if (base.kind !== 'map') throw new CallFault(`type ${goName(base)} does not support indexing`, 0)
  if (base.keys === 'string' && key.kind !== 'unknown' && !isAssignable(key, STRING))
    throw new CallFault(`cannot use ${goName(key)} to get an element from ${goName(base)}`, 1)
  return base.of
}

const take = (value: Value, count: Value, budget: Budget): Value => {
  const items = asArray(value, 'take from')
  if (typeof count !== 'bigint') throw new TypeError(`cannot take ${goTypeOf(count)} elements`)
  if (count < 0n) throw new RangeError('slice bounds out of range')
  const size = count > BigInt(items.length) ? items.length : Number(count)
  budget.spend(size)
  return items.slice(0, size)
}

const fromPairs = (items: readonly Value[]): Value => {
  const pairs = items.map((pair): [Value, Value] => {
    if (!isArray(pair)) throw new TypeError(`invalid pair ${goTypeOf(pair)}`)
    const [key = null, item = null] = pair
    if (pair.length !== 2) throw new TypeError(`invalid pair length ${pair.length}`)
    return [key, item]
  })
  return new Map(pairs)
}

const uniq = (items: readonly Value[], budget: Budget): Value[] => {
  const found: Value[] = []
  for (const item of items) {
    budget.spend(found.length)
    if (!found.some(other => isEqual(other, item, budget))) found.push(item)
  }
  return found
}

/** Arrays in arrays in arrays: more deeply than any text can say it. */
const MOST_LEVELS = 1000

const flatten = (items: readonly Value[], budget: Budget, level = 0): Value[] => {
  if (level > MOST_LEVELS) throw new RangeError('recursion depth exceeded')
  budget.spend(items.length)
  return items.flatMap(item => (isArray(item) ? flatten(item, budget, level + 1) : [item]))
}

/** 'asc' or 'desc'; how two values stand to each other then. */
export const orderOf = (order: Value): ((left: Value, right: Value) => number) => {
  if (order !== 'asc' && order !== 'desc')
    throw new TypeError(`invalid order ${String(order)}, expected asc or desc`)
  const sign = order === 'desc' ? -1 : 1
  return (left, right) => {
    const found = compare(left, right)
    if (found !== undefined) return sign * found
    throw new TypeError(`invalid operation: ${goTypeOf(left)} < ${goTypeOf(right)}`)
  }
}

/** What sorting so many costs. */
export const sortingSteps = (count: number): number => count * Math.ceil(Math.log2(count + 2))

export const LIST_BUILTINS: Readonly<Record<ListFunction, Builtin>> = {
  len: {
    check: taking(
      ['array', 'map', 'string'],
      INT,
      given => `invalid argument for len (type ${given})`,
    ),
    run: ([value = null]) => length(value),
  },
  first: end('first', 0n),
  last: end('last', -1n),
  get: { check: checkGet, run: ([from = null, key = null]) => find(from, key) },
  take: {
    check: args => {
      argumentCount(args, 2)
      mustBe(args[0], ['array'], given => `cannot take from ${given}`)
      mustBe(args[1], ['int'], given => `cannot take ${given} elements`)
      return sameArray(args[0])
    },
    run: ([value = null, count = null], budget) => take(value, count, budget),
  },
  keys: ofMap('get keys from', map => [...map.keys()]),
  values: ofMap('get values from', map => [...map.values()]),
  toPairs: ofMap(
    'transform',
    map => [...map],
    given => `cannot transform ${given} to pairs`,
  ),
  fromPairs: {
    check: taking(['array'], ANY_MAP, given => `cannot transform ${given} from pairs`),
    run: ([value = null], budget) => {
      const items = asArray(value, 'transform')
      budget.spend(items.length)
      return fromPairs(items)
    },
  },
  reverse: ofArray('reverse', ARRAY, items => items.toReversed()),
  uniq: ofArray('uniq', ARRAY, uniq),
  flatten: ofArray('flatten', ARRAY, (items, budget) => flatten(items, budget)),
  concat: {
    check: args => {
      if (args.length === 0)
        throw new CallFault('invalid number of arguments (expected at least 1, got 0)')
      for (const arg of args) mustBe(arg, ['array'], given => `cannot concat ${given}`)
      return ARRAY
    },
    run: (args, budget) => {
      const all = args.map(value => asArray(value, 'concat'))
      budget.spend(all.reduce((sum, items) => sum + items.length, 0))
      return all.flat()
    },
  },
  sort: {
    check: oneOf(
      { takes: [ARRAY, STRING], gives: ARRAY },
      { takes: [STRINGS, STRING], gives: ARRAY },
      { takes: [ARRAY], gives: ARRAY },
      { takes: [STRINGS], gives: ARRAY },
    ),
    run: ([value = null, order = 'asc'], budget) => {
      const items = asArray(value, 'sort')
      budget.spend(sortingSteps(items.length))
      return items.toSorted(orderOf(asText(order)))
    },
  },
}
