// `view NAME { expr EXPRESSION }`. Expressions are compiled here to find errors, and again in each
// shard.

import { QUERY_FUNCTIONS } from '../../chain/query/query-functions.ts'
import type { CorefileError } from '../../corefile/diagnostics/diagnostic.ts'
import { requiredArgument, words } from '../../corefile/options/option-rows.ts'
import { finishedTable, type OptionTable } from '../../corefile/options/option-table.ts'
import { type Argument, text } from '../../corefile/options/values.ts'
import { compileExpression } from '../../expression/expression.ts'
import { ExpressionError } from '../../expression/expression-error.ts'

export interface ViewOptions {
  readonly name: string
  /** All of them must be true; without any, every query is taken. */
  readonly expressions: readonly string[]
}

/** The word of the line that holds the place; the last one for a place at the end. */
const wordAt = (line: readonly Argument[], offset: number): Argument | undefined => {
  let end = 0
  return line.find(({ text }) => {
    end += text.length + 1
    return offset < end
  })
}

/** Words of a line are joined by blanks. */
const readExpression = (line: readonly Argument[]): string => {
  const expression = line.map(word => word.text).join(' ')
  try {
    compileExpression(expression, { functions: QUERY_FUNCTIONS })
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    const word = wordAt(line, error.offset) ?? line.at(-1)
    throw word?.plainErr(error.inFull(expression)) ?? error
  }
  return expression
}

/** Of a line without words. */
const NO_EXPRESSION = 'unexpected token EOF'

export const options: OptionTable<ViewOptions> = finishedTable(
  'once',
  {
    rows: {
      name: requiredArgument('NAME', text('NAME'), {
        does: 'what metrics and `view/name` call the block',
      }),
      expressions: words<string[]>('expr', 'EXPRESSION...', {
        addsUp: true,
        least: 1,
        wrongCount: (directive): CorefileError => directive.plainErr(NO_EXPRESSION),
        does: 'what must be true of a query; words are joined by blanks',
        otherwise: 'every query is taken',
        start: () => [],
        read: (line, before) => [...before, readExpression(line)],
      }),
    },
  },
  read => read,
)
