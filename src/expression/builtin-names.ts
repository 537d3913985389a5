// What builtins there are, for the parser: those that take a predicate are read in another way.
// What is left out is refused by name.

import { WORD_OPERATORS } from './lexer.ts'

interface PredicateShape {
  readonly required: number
  readonly optional: number
  /** Which argument is the predicate. */
  readonly predicateAt: number
}

const ARRAY_AND_PREDICATE: PredicateShape = { required: 2, optional: 0, predicateAt: 1 }
const OPTIONAL_PREDICATE: PredicateShape = { required: 1, optional: 1, predicateAt: 1 }
const PREDICATE_AND_MORE: PredicateShape = { required: 2, optional: 1, predicateAt: 1 }

export const PREDICATES: ReadonlyMap<string, PredicateShape> = new Map([
  ['all', ARRAY_AND_PREDICATE],
  ['none', ARRAY_AND_PREDICATE],
  ['any', ARRAY_AND_PREDICATE],
  ['one', ARRAY_AND_PREDICATE],
  ['filter', ARRAY_AND_PREDICATE],
  ['map', ARRAY_AND_PREDICATE],
  ['count', OPTIONAL_PREDICATE],
  ['sum', OPTIONAL_PREDICATE],
  ['find', ARRAY_AND_PREDICATE],
  ['findIndex', ARRAY_AND_PREDICATE],
  ['findLast', ARRAY_AND_PREDICATE],
  ['findLastIndex', ARRAY_AND_PREDICATE],
  ['groupBy', ARRAY_AND_PREDICATE],
  ['sortBy', PREDICATE_AND_MORE],
  ['reduce', PREDICATE_AND_MORE],
])

const NUMBER_FUNCTIONS = [
  'abs',
  'ceil',
  'floor',
  'round',
  'int',
  'float',
  'max',
  'min',
  'mean',
  'median',
  'bitand',
  'bitor',
  'bitxor',
  'bitnand',
  'bitshl',
  'bitshr',
  'bitushr',
  'bitnot',
] as const

const TEXT_FUNCTIONS = [
  'string',
  'trim',
  'trimPrefix',
  'trimSuffix',
  'upper',
  'lower',
  'split',
  'splitAfter',
  'replace',
  'repeat',
  'join',
  'indexOf',
  'lastIndexOf',
  'hasPrefix',
  'hasSuffix',
  'toJSON',
  'fromJSON',
  'toBase64',
  'fromBase64',
] as const

const LIST_FUNCTIONS = [
  'len',
  'first',
  'last',
  'get',
  'take',
  'keys',
  'values',
  'toPairs',
  'fromPairs',
  'reverse',
  'uniq',
  'concat',
  'flatten',
  'sort',
] as const

export type NumberFunction = (typeof NUMBER_FUNCTIONS)[number]
export type TextFunction = (typeof TEXT_FUNCTIONS)[number]
export type ListFunction = (typeof LIST_FUNCTIONS)[number]

/** Of expr-lang, and not here: what CoreDNS's queries have no values for. */
export const LEFT_OUT: ReadonlySet<string> = new Set([
  'now',
  'date',
  'duration',
  'timezone',
  // CoreDNS replaces it by the type of the question.
  'type',
])

/** Without those that take a predicate. */
export const BUILTIN_NAMES: ReadonlySet<string> = new Set([
  ...NUMBER_FUNCTIONS,
  ...TEXT_FUNCTIONS,
  ...LIST_FUNCTIONS,
])

/** Whether expr-lang has a builtin of this name: variables cannot have it. */
export const isBuiltinName = (name: string): boolean =>
  BUILTIN_NAMES.has(name) || PREDICATES.has(name) || LEFT_OUT.has(name)

/** Whether it is a word of the language. */
export const isReservedWord = (name: string): boolean => RESERVED.has(name)

const RESERVED: ReadonlySet<string> = new Set(['true', 'false', 'nil', ...WORD_OPERATORS])
