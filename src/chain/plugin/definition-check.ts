// Checks at run time whether the value that a module exports is a plugin. TypeScript checks it
// earlier; modules in JavaScript need this check.

import { given } from '../../base/text/given.ts'
import { didYouMean } from '../../corefile/diagnostics/nearest.ts'

/** The fault of a field's value, as text to follow the field's name; undefined: none. */
type Check = (value: unknown) => string | undefined

const a =
  (kind: 'function' | 'string', is: (value: unknown) => boolean): Check =>
  value =>
    is(value) ? undefined : `is ${given(value)}, and no ${kind}`

const text = a('string', value => typeof value === 'string')
const callable = a('function', value => typeof value === 'function')

const only =
  (word: unknown): Check =>
  value =>
    value === word ? undefined : `is ${given(value)}: it is ${given(word)}, or absent`

const table: Check = value =>
  typeof value === 'object' &&
  value !== null &&
  'parse' in value &&
  typeof value.parse === 'function' &&
  'facts' in value &&
  Array.isArray(value.facts)
    ? undefined
    : 'is no table: optionTable of shardns/options makes one'

type Fields = Readonly<Record<string, Check>>

const FACTS: Fields = {
  setsUp: only('first'),
  allClasses: only(true),
  changing: callable,
  listensOn: callable,
  selects: only(true),
  suspicions: callable,
}

const facts: Check = value => {
  if (typeof value !== 'object' || value === null) return `is ${given(value)}, and no object`
  const wrong = firstWrong(value, FACTS)
  return wrong && `has a wrong field: ${wrong}`
}

const FIELDS: Fields = {
  description: text,
  options: table,
  parse: callable,
  hasOptionsByArgument: only(true),
  facts,
  inspect: callable,
  control: callable,
  serve: callable,
}

/**
 * A sentence on the first field that is unknown or wrong. A field with the value undefined is
 * absent.
 */
const firstWrong = (value: object, fields: Fields): string | undefined => {
  for (const [name, held] of Object.entries(value)) {
    if (!Object.hasOwn(fields, name)) {
      const hint = didYouMean(name, Object.keys(fields))
      return `'${name}' is no field of it${hint === undefined ? '' : `: ${hint}`}`
    }
    const wrong = held === undefined ? undefined : fields[name]?.(held)
    if (wrong !== undefined) return `'${name}' ${wrong}`
  }
  return undefined
}

/** The reason why a value is no PluginDefinition, with the field's name; undefined if it is one. */
export const definitionMisfit = (value: unknown): string | undefined => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return `the definition is ${given(value)}, and no object`
  const wrong = firstWrong(value, FIELDS)
  if (wrong !== undefined) return wrong
  const { options, parse, control, serve } = value as Record<string, unknown>
  if (options !== undefined && parse !== undefined)
    return "'options' and 'parse' both read the directive: leave one out"
  if (control === undefined && serve === undefined) return "it has neither 'serve' nor 'control'"
  return undefined
}
