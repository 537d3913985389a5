// The shard half of view: whether the block takes a query.

import { COLLECTOR, METADATA } from '../../chain/offers/metadata.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import { askedTests } from '../../chain/query/asked-test.ts'
import type { Query } from '../../chain/query/query.ts'
import { QUERY_FUNCTIONS } from '../../chain/query/query-functions.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import { compileExpression, type Expression } from '../../expression/expression.ts'
import { ExpressionError } from '../../expression/expression-error.ts'
import type { ViewOptions } from './options.ts'

export const serve = (
  { name, expressions }: ViewOptions,
  scope: Pick<ServeScope, 'offer' | 'offered'>,
): Stage => {
  scope.offer(METADATA, (_query, set) => set('view/name', () => name))
  const collectors = scope.offered(COLLECTOR)
  const compiled = expressions.map(text => compileExpression(text, { functions: QUERY_FUNCTIONS }))
  const asksMetadata = compiled.some(({ called }) => called.has('metadata'))
  return {
    accepts: query => {
      const [collect] = collectors
      // The chain has not run yet, so metadata has not been collected.
      if (asksMetadata && collect !== undefined) query.metadata = collect(query)
      return compiled.every(expression => isTrue(expression, query))
    },
    takes: askedTests(compiled.map(({ tree }) => tree)),
    concerns: () => false,
    wrap: next => next,
  }
}

/** An expression that fails is false, and so is one whose value is no boolean, as in CoreDNS. */
const isTrue = (expression: Expression<Query>, query: Query): boolean => {
  try {
    return expression.run(query) === true
  } catch (error) {
    if (error instanceof ExpressionError) return false
    throw error
  }
}
