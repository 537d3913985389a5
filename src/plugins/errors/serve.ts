// Shard half of errors: one line per failed query, unless a pattern absorbs it.

import { compileRegexp } from '../../base/text/regexp.ts'
import { isA, messageOf, rcodeOfError, ServerError } from '../../chain/errors.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import { TRANSPARENT } from '../../chain/stage/fast-step.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import { observe } from '../../chain/stage/observe.ts'
import type { LogLevel } from '../../log/logger.ts'
import { typeToText } from '../../wire/rrtypes.ts'
import type { ErrorsShared } from './control.ts'
import type { ErrorsOptions } from './options.ts'
import { printSummary } from './summary.ts'

export const serve = (options: ErrorsOptions, scope: ServeScope, shared: ErrorsShared): Stage => {
  const { words, log } = scope
  const patterns = options.consolidations.map((consolidation, index) => ({
    consolidation,
    regexp: compileRegexp(consolidation.pattern),
    word: shared.countsWord + index,
  }))

  /** The level to print this failure at; undefined if a pattern absorbed it. */
  const absorb = (text: string): LogLevel | undefined => {
    for (const { consolidation, regexp, word } of patterns) {
      if (!regexp.test(text)) continue
      const isFirst = Atomics.add(words, word, 1) === 0
      if (isFirst) Atomics.notify(words, word)
      return isFirst && consolidation.showFirst ? consolidation.level : undefined
    }
    return 'error'
  }

  // Main has printed what was counted until it retired; what failed between that and our last query
  // would be lost.
  scope.onRetire(() => {
    for (const { consolidation, word } of patterns)
      printSummary(consolidation, Atomics.exchange(words, word, 0), log)
  })

  return {
    fast: TRANSPARENT,
    wrap: observe({
      onFailure(query, error) {
        // The server logs defects.
        if (!isA(ServerError, error)) return
        const text = messageOf(error)
        const level = absorb(text)
        if (level === undefined) return
        const { name, type } = query.question
        log[level](`${rcodeOfError(error)} ${name} ${typeToText(type)}: ${text}`)
      },
    }),
  }
}
