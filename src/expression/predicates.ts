// Builtins that take a predicate: all, filter, map, reduce … What they loop over costs a step for
// each node of the predicate.

import { add } from './arithmetic.ts'
import type { Code, Compiled } from './compiled.ts'
import { orderOf, sortingSteps } from './list-functions.ts'
import type { Run } from './run.ts'
import { arrayOf, BOOL, goName, INT, type Type, UNKNOWN } from './types.ts'
import { asBool, goTypeOf, isArray, isMap, type Value } from './value.ts'

/** One use of such a builtin. */
export interface Loop {
  readonly collection: Compiled
  /** Absent in `count(array)` and `sum(array)`. */
  readonly predicate: Compiled | undefined
  /** The argument behind the predicate: an order, or the first value. */
  readonly extra: Compiled | undefined
  /** Where the item, its index and what is gathered are kept. */
  readonly itemSlot: number
  /** Nodes of the predicate. */
  readonly cost: number
  readonly offset: number
}

interface Kind {
  /** The pointers besides `#`: `#index` and `#acc`. */
  readonly pointers: Readonly<Record<string, Type>>
  readonly mustBeBool: boolean
  readonly gives: (items: Type, predicate: Type) => Type
  readonly code: (loop: Loop) => Code
}

const sameArray = (items: Type): Type => arrayOf(items)

/**
 * Calls `visit` with each item, its index and what the predicate says of it, until it says false.
 */
const each = (
  run: Run<unknown>,
  loop: Loop,
  visit: (item: Value, said: Value, index: number) => boolean,
  isBackwards = false,
): void => {
  const items = loop.collection.code(run)
  run.place = loop.offset
  if (!isArray(items)) throw new TypeError(`cannot loop over ${goTypeOf(items)}`)
  const { itemSlot, predicate, cost } = loop
  for (let round = 0; round < items.length; round++) {
    const index = isBackwards ? items.length - 1 - round : round
    const item = items[index] ?? null
    run.spend(cost)
    run.locals[itemSlot] = item
    run.locals[itemSlot + 1] = BigInt(index)
    if (!visit(item, predicate === undefined ? item : predicate.code(run), index)) return
  }
}

/** Whether some item, or each, or exactly one, is what the predicate asks for. */
const quantified =
  (ends: boolean, result: boolean): Kind['code'] =>
  loop =>
  run => {
    let found = !result
    each(run, loop, (_item, said) => {
      if (asBool(said) !== ends) return true
      found = result
      return false
    })
    return found
  }

const counted: Kind['code'] = loop => run => {
  let count = 0n
  each(run, loop, (_item, said) => {
    if (asBool(said)) count++
    return true
  })
  return count
}

const exactlyOne: Kind['code'] = loop => {
  const count = counted(loop)
  return run => count(run) === 1n
}

const gathered =
  (take: (item: Value, said: Value, all: Value[]) => void): Kind['code'] =>
  loop =>
  run => {
    const all: Value[] = []
    each(run, loop, (item, said) => {
      take(item, said, all)
      return true
    })
    return all
  }

const searched =
  (isBackwards: boolean, gives: (item: Value, index: number) => Value): Kind['code'] =>
  loop =>
  run => {
    let found: Value = null
    const visit = (item: Value, said: Value, index: number): boolean => {
      if (!asBool(said)) return true
      found = gives(item, index)
      return false
    }
    each(run, loop, visit, isBackwards)
    return found
  }

const summed: Kind['code'] = loop => run => {
  let sum: Value = 0n
  each(run, loop, (_item, said) => {
    sum = add(said, sum, run)
    return true
  })
  return sum
}

const grouped: Kind['code'] = loop => run => {
  const groups = new Map<Value, Value[]>()
  each(run, loop, (item, said) => {
    if (isArray(said) || isMap(said))
      throw new TypeError(`hash of unhashable type: ${goTypeOf(said)}`)
    const group = groups.get(said)
    if (group === undefined) groups.set(said, [item])
    else group.push(item)
    return true
  })
  return groups
}

const sorted: Kind['code'] = loop => run => {
  const rows: { item: Value; by: Value }[] = []
  each(run, loop, (item, by) => {
    rows.push({ item, by })
    return true
  })
  run.spend(sortingSteps(rows.length))
  const order = loop.extra?.code(run) ?? 'asc'
  run.place = loop.offset
  if (order !== 'asc' && order !== 'desc') throw new TypeError('unknown order, use asc or desc')
  const inOrder = orderOf(order)
  return rows.sort((a, b) => inOrder(a.by, b.by)).map(({ item }) => item)
}

/** Without a first value the first item is it. */
const reduced: Kind['code'] = loop => run => {
  const accSlot = loop.itemSlot + 2
  const { predicate, extra } = loop
  let hasFirst = extra !== undefined
  run.locals[accSlot] = extra?.code(run) ?? null
  each(run, { ...loop, predicate: undefined }, item => {
    run.locals[accSlot] = hasFirst ? (predicate?.code(run) ?? null) : item
    hasFirst = true
    return true
  })
  if (!hasFirst) throw new RangeError('reduce of empty array with no initial value')
  return run.locals[accSlot] ?? null
}

const onBool = (gives: Kind['gives'], code: Kind['code']): Kind => ({
  pointers: {},
  mustBeBool: true,
  gives,
  code,
})

export const PREDICATE_KINDS: Readonly<Record<string, Kind>> = {
  all: onBool(() => BOOL, quantified(false, false)),
  none: onBool(() => BOOL, quantified(true, false)),
  any: onBool(() => BOOL, quantified(true, true)),
  one: onBool(() => BOOL, exactlyOne),
  filter: onBool(
    sameArray,
    gathered((item, said, all) => {
      if (asBool(said)) all.push(item)
    }),
  ),
  map: {
    pointers: { index: INT },
    mustBeBool: false,
    gives: (_items, predicate) => arrayOf(predicate),
    code: gathered((_item, said, all) => {
      all.push(said)
    }),
  },
  count: onBool(() => INT, counted),
  find: onBool(
    items => items,
    searched(false, item => item),
  ),
  findLast: onBool(
    items => items,
    searched(true, item => item),
  ),
  findIndex: onBool(
    () => INT,
    searched(false, (_item, index) => BigInt(index)),
  ),
  findLastIndex: onBool(
    () => INT,
    searched(true, (_item, index) => BigInt(index)),
  ),
  sum: { pointers: {}, mustBeBool: false, gives: (_items, predicate) => predicate, code: summed },
  groupBy: {
    pointers: {},
    mustBeBool: false,
    gives: items => ({ kind: 'map', of: arrayOf(items), keys: 'mixed' }),
    code: grouped,
  },
  sortBy: { pointers: {}, mustBeBool: false, gives: sameArray, code: sorted },
  reduce: {
    pointers: { index: INT, acc: UNKNOWN },
    mustBeBool: false,
    gives: (_items, predicate) => predicate,
    code: reduced,
  },
}

/** The type of the items; an error text if it is no array. */
export const itemsOf = (name: string, type: Type): Type | string => {
  if (type.kind === 'array') return type.of
  if (type.kind === 'unknown') return UNKNOWN
  return `builtin ${name} takes only array (got ${goName(type)})`
}
