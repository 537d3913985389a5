// The expressions of `var` and `expr`: what they may read of a query and of the match of its name,
// and how a template sees their values.

import type { Query } from '../../chain/query/query.ts'
import { QUERY_FUNCTIONS } from '../../chain/query/query-functions.ts'
import { isBuiltinName, isReservedWord } from '../../expression/builtin-names.ts'
import type { OwnFunction } from '../../expression/compiler.ts'
import { compileExpression, type Expression, formatValue } from '../../expression/expression.ts'
import { STRING, type Type, UNKNOWN } from '../../expression/types.ts'
import { type Value as ExpressionValue, isArray, isMap } from '../../expression/value.ts'
import { Dict, Int, List, type Value } from './engine/values.ts'

export interface Asking {
  readonly query: Query
  /** The groups that the regular expression has matched, by number and by name. */
  readonly groups: ReadonlyMap<string, string>
}

const group: OwnFunction<Asking> = {
  takes: [UNKNOWN],
  gives: STRING,
  call({ groups }, [key = null]) {
    if (typeof key !== 'string' && typeof key !== 'bigint')
      throw new Error('group takes a name or an index')
    return groups.get(String(key)) ?? ''
  },
}

const FUNCTIONS: ReadonlyMap<string, OwnFunction<Asking>> = new Map([
  ...[...QUERY_FUNCTIONS].map(([name, own]): [string, OwnFunction<Asking>] => [
    name,
    { ...own, call: ({ query }, args) => own.call(query, args) },
  ]),
  ['group', group],
])

/** Whether a variable may have that name. */
export const isVariableName = (name: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) &&
  !FUNCTIONS.has(name) &&
  !isBuiltinName(name) &&
  !isReservedWord(name)

/** `variables` are the names of those that the expression may use. Throws an ExpressionError. */
export const compileOwn = (text: string, variables: Iterable<string>): Expression<Asking> =>
  compileExpression(text, {
    functions: FUNCTIONS,
    variables: new Map([...variables].map((name): [string, Type] => [name, UNKNOWN])),
  })

/** The value as a template sees it. */
export const templateValue = (value: ExpressionValue): Value => {
  if (typeof value === 'bigint') return new Int(value)
  if (isArray(value)) return new List(value.map(templateValue), '[]interface {}')
  if (!isMap(value)) return value
  const entries = [...value].map(([key, item]): [string, Value] => [
    formatValue(key),
    templateValue(item),
  ])
  return new Dict(new Map(entries), 'map[string]interface {}', null)
}
