// The Corefile syntax of template.

import { compileRegexp } from '../../base/text/regexp.ts'
import type { CorefileError } from '../../corefile/diagnostics/diagnostic.ts'
import type { Token } from '../../corefile/diagnostics/span.ts'
import type { Directive } from '../../corefile/options/directive.ts'
import {
  list,
  option,
  requiredArgument,
  withoutEffect,
  words,
  zoneList,
  zonesArgument,
} from '../../corefile/options/option-rows.ts'
import { eachOccurrence, type OptionTable } from '../../corefile/options/option-table.ts'
import { Argument, checked, parsed, type Value } from '../../corefile/options/values.ts'
import { goParseUintError, goQuote, parseGoUint } from '../../corefile/words/strconv.ts'
import { ExpressionError } from '../../expression/expression-error.ts'
import { rcodeFromText } from '../../wire/rcodes.ts'
import { classFromText, typeFromText } from '../../wire/rrtypes.ts'
import { Template } from './engine/index.ts'
import { TemplateSyntaxError } from './engine/tokens.ts'
import { compileOwn, isVariableName } from './expressions.ts'
import type { RecordSource, Rule, Section, VariableSource } from './rule.ts'

export type { Rule } from './rule.ts'

/** The place of a character in a word. Exact if the word is on one line of the Corefile. */
const placeWithin = (token: Token, offset: number): Token => {
  const { text, span } = token
  const before = text.slice(0, offset)
  const quotes = text.split('"').length - 1
  const isQuoted = span.length === text.length + quotes + 2
  if (before.includes('\n') || (!isQuoted && span.length !== text.length)) return token
  // In a quoted word each quote has a backslash in the Corefile.
  const ahead = isQuoted ? 1 + before.split('"').length - 1 : 0
  const column = span.column + ahead + offset
  return { ...token, span: { ...span, column, length: 1 } }
}

const at = (word: Argument, offset: number): Argument =>
  new Argument(word.directive, placeWithin(word.token, offset))

const templateOf = (section: Section): Value<RecordSource> => ({
  word: 'RR',
  range: '',
  read(word) {
    const { text, token } = word
    try {
      new Template(section, text)
    } catch (error) {
      if (!(error instanceof TemplateSyntaxError)) throw error
      const line = text.slice(0, error.offset).split('\n').length
      const why = `template: ${section}:${line}: ${error.message}`
      throw at(word, error.offset).err(`could not compile template: ${text}, ${why}`)
    }
    return { section, text, place: `${token.span.file}:${token.line}` }
  },
})

const regexp = checked(
  'REGEX',
  text => regexpError(text) === undefined,
  word => word.err(`could not parse regex: ${word.text}, ${regexpError(word.text)}`),
)

const regexpError = (text: string): string | undefined => {
  try {
    compileRegexp(text)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const rcode: Value<number> = parsed(
  'CODE',
  text => (text === text.toUpperCase() ? rcodeFromText(text) : undefined),
  word => word.err(`unknown rcode ${word.text}`),
)

const ederror = ([code, text]: readonly Argument[]): Rule['ederror'] => {
  if (code === undefined) return undefined
  const number = parseGoUint(code.text, 16)
  if (number === undefined) {
    const why = goParseUintError(code.text)
    throw code.err(`error parsing extended DNS error code ${code.text}, ${why}`)
  }
  return { code: number, text: text?.text ?? '' }
}

/** A line of the block that holds an expression; words are joined by blanks. */
interface ExpressionLine {
  /** The name of the variable. Undefined for `expr`. */
  readonly name: Argument | undefined
  readonly words: readonly Argument[]
}

const textOf = ({ words }: ExpressionLine): string => words.map(({ text }) => text).join(' ')

/** The word in which the fault of an expression is. */
const placeIn = (line: ExpressionLine, offset: number): Argument | undefined => {
  let before = 0
  for (const word of line.words) {
    if (offset <= before + word.text.length) return at(word, offset - before)
    before += word.text.length + 1
  }
  return undefined
}

const checkExpression = (line: ExpressionLine, variables: Iterable<string>): void => {
  const text = textOf(line)
  try {
    compileOwn(text, variables)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    const said = `could not compile expression: ${error.inFull(text)}`
    throw placeIn(line, error.offset)?.err(said) ?? error
  }
}

/** The variables of a block. A variable may use those above it, and an `expr` may use all. */
const variablesOf = (lines: readonly ExpressionLine[]): VariableSource[] => {
  const names = new Set<string>()
  return lines.map(line => {
    const name = line.name?.text ?? ''
    if (!isVariableName(name)) throw line.name?.err(`invalid variable name ${goQuote(name)}`)
    checkExpression(line, names)
    names.add(name)
    return { name, text: textOf(line) }
  })
}

const conditionsOf = (
  lines: readonly ExpressionLine[],
  variables: readonly VariableSource[],
): string[] =>
  lines.map(line => {
    checkExpression(
      line,
      variables.map(({ name }) => name),
    )
    return textOf(line)
  })

interface Read {
  readonly variables: readonly ExpressionLine[]
  readonly conditions: readonly ExpressionLine[]
  readonly qclass: number
  readonly qtype: number
  readonly zones: readonly string[]
  readonly matches: readonly string[]
  readonly answers: readonly RecordSource[]
  readonly additionals: readonly RecordSource[]
  readonly authorities: readonly RecordSource[]
  readonly rcode: number
  readonly ederror: Rule['ederror']
  readonly fall: readonly string[]
}

const unknownOption = (directive: Directive, known: readonly string[]): CorefileError =>
  directive.argErr().explained(directive.optionHelp(known))

export const options: OptionTable<Rule[]> = eachOccurrence<Read, Rule>(
  {
    rows: {
      qclass: requiredArgument(
        'CLASS',
        parsed('CLASS', classFromText, word => word.err(`invalid query class ${word.text}`)),
        { does: 'class of the questions: `IN`, `CH`, `ANY`' },
      ),
      qtype: requiredArgument(
        'TYPE',
        parsed('TYPE', typeFromText, word => word.err(`invalid RR class ${word.text}`)),
        { does: 'type of the questions: `A`, `TXT`, `ANY`' },
      ),
      zones: zonesArgument('zones of the names that are answered'),
      matches: list('match', regexp, {
        otherwise: '.*',
        does: 'regular expressions, the first of which that matches the name counts',
      }),
      variables: words<readonly ExpressionLine[]>('var', 'NAME EXPRESSION...', {
        least: 2,
        addsUp: true,
        does: 'a value for other expressions, and for templates as `.Var.NAME`',
        start: () => [],
        read: ([name, ...rest], before) => [...before, { name, words: rest }],
      }),
      conditions: words<readonly ExpressionLine[]>('expr', 'EXPRESSION...', {
        least: 1,
        addsUp: true,
        does: 'what must be true as well; words are joined by blanks',
        start: () => [],
        read: (line, before) => [...before, { name: undefined, words: line }],
      }),
      answers: list('answer', templateOf('answer'), { does: 'templates of records to answer' }),
      additionals: list('additional', templateOf('additional'), {
        does: 'the same for the additional section',
      }),
      authorities: list('authority', templateOf('authority'), {
        does: 'the same for the authority section',
      }),
      rcode: option('rcode', rcode, {
        default: 'NOERROR',
        does: 'code of the reply',
        surplus: 'next-line',
      }),
      ederror: words('ederror', 'CODE [TEXT]', {
        least: 1,
        most: 2,
        does: 'extended error of the reply, with a text for people',
        start: (): Rule['ederror'] => undefined,
        read: found => ederror(found),
      }),
      fall: zoneList('fallthrough', {
        unset: [] as string[],
        does: 'pass on what matches nothing; with ZONES, only names in these',
      }),
    },
    others: [
      withoutEffect('upstream', '[ADDRESSES...]', {
        support: 'retired',
        does: 'targets of CNAME records are looked up without it',
        meet: (_, directive) => {
          directive.warn(`upstream has no effect: leave it out`, 'retired-option')
          return undefined
        },
      }),
    ],
    otherLine: unknownOption,
  },
  ({ answers, additionals, authorities, ...read }) => {
    const variables = variablesOf(read.variables)
    return {
      ...read,
      variables,
      conditions: conditionsOf(read.conditions, variables),
      records: [...answers, ...additionals, ...authorities],
    }
  },
)
