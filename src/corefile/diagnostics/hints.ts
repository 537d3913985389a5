// Hints for errors where CoreDNS's text does not help: one sentence with the probable cause.

import { isIP, isIPv6 } from 'node:net'
import type { ServerBlock } from '../server-block.ts'
import type { CorefileError, CorefileErrorOptions, Diagnostic, Related } from './diagnostic.ts'
import {
  EXTERNAL_PLUGINS,
  OPTION_OWNERS,
  RETIRED_DIRECTIVES,
  RETIRED_OPTIONS,
} from './known-names.ts'
import { didYouMean } from './nearest.ts'
import type { Span, Token } from './span.ts'

type Help = Pick<CorefileErrorOptions, 'hint' | 'related'>

export const ONE_LINE_HINT = `a directive goes on to the end of its line: put the '}' on a line of its own`
const BLANK_HINT = `a blank is missing before the '{'`
const COMMENT_HINT = `comments begin with '#'`
export const UNCLOSED_HINT = 'the quote is never closed: it goes on to the end of the file'
const YAML_HINT = `this is YAML around a Corefile: give the text under its key alone, as kubectl get configmap NAME -o jsonpath='{.data.Corefile}' prints it`
const UTF16_HINT = 'the file is not UTF-8 but probably UTF-16: save it as UTF-8'

/**
 * A word that can only be the key of a server block: the root, a name with a dot, a port or a
 * scheme.
 */
const looksLikeKey = (word: string): boolean =>
  word === '.' || /:\d+$/.test(word) || /^[a-z0-9]+:\/\//.test(word) || DOTTED.test(word)

const DOTTED = /^[a-z0-9_*-]+(?:\.[a-z0-9_-]+)+\.?(?:\/\d+)?$/i

const isComment = (word: string): boolean => word.startsWith('//') || word.startsWith('/*')

/** `firstKey` is that of the block in which the name stands. */
const unknownDirectiveHint = (
  name: string,
  firstKey: string | undefined,
  order: readonly string[],
): string | undefined => {
  if (isComment(name) || (firstKey !== undefined && isComment(firstKey))) return COMMENT_HINT
  if (name.length > 1 && name.endsWith('{')) return BLANK_HINT
  const known = RETIRED_DIRECTIVES.get(name) ?? externalHint(name)
  if (known !== undefined) return known
  if (isIP(name) !== 0) return `'${name}' is an address: is this a line of hosts?`
  const owners = OPTION_OWNERS.get(name)
  return owners === undefined ? didYouMean(name, order) : `'${name}' is an option of ${owners}`
}

const externalHint = (name: string): string | undefined => {
  if (!EXTERNAL_PLUGINS.has(name)) return undefined
  const text = `'${name}' is an external plugin, in no stock build of CoreDNS, and not in shardns: a module of your own is loaded by ${loading(name)}`
  const instead = EXTERNAL_PLUGINS.get(name)
  return instead === undefined || instead === '' ? text : `${text}; ${instead}`
}

const loading = (name: string): string => `--plugin ${name}=MODULE`

/** What a plugin may be called. */
const PLUGIN_NAME = /^[\w-]+$/

/** For a name that is like no other: it may be that of a plugin which has not been given. */
const ownPluginHint = (name: string): string | undefined =>
  PLUGIN_NAME.test(name) ? `a plugin from outside is loaded by ${loading(name)}` : undefined

const directiveHint = (word: string): string => `'${word}' is a directive: is a '}' missing above?`

/** Directives whose names are options of others, too. */
const ALSO_OPTIONS: ReadonlySet<string> = new Set(['tls', 'reload', 'transfer', 'header'])

/**
 * For a line in a plugin's block that the plugin cannot read for any reason, and that begins with
 * the name of a directive.
 */
export const strayDirectiveHint = (word: string): string | undefined =>
  ALSO_OPTIONS.has(word) ? undefined : directiveHint(word)

/** For a word that `plugin` does not know as an option, and that may be a directive. */
export const unknownOptionHint = (
  plugin: string,
  word: string,
  known: readonly string[],
  isDirective: boolean,
): string | undefined => {
  const retired = RETIRED_OPTIONS.get(`${plugin} ${word}`)
  if (retired !== undefined) return retired
  if (word.length > 1 && word.endsWith('{')) return BLANK_HINT
  if (isComment(word)) return COMMENT_HINT
  if (isDirective) return directiveHint(word)
  const meant = didYouMean(word, known)
  if (meant !== undefined) return meant
  const owners = OPTION_OWNERS.get(word)
  return owners === undefined ? undefined : `'${word}' is an option of ${owners}`
}

/** For an argument that cannot be used; `before` is the word before it. */
export const argumentHint = (word: string, before: string): string | undefined => {
  if (/.[,;]$/.test(word))
    return `arguments are separated by blanks: leave the '${word.at(-1)}' out`
  return /^\d{1,5}$/.test(word) && isIP(before) !== 0
    ? `a port follows its address behind a colon: ${withPort(before, word)}`
    : undefined
}

const withPort = (address: string, port: string): string =>
  `${isIPv6(address) ? `[${address}]` : address}:${port}`

/** For a key that is no zone. */
export const keyHint = (key: string): string | undefined => {
  if (key.length > 1 && key.endsWith('{')) return BLANK_HINT
  return isComment(key) ? COMMENT_HINT : undefined
}

/**
 * Whether every second character is a NUL, as in ASCII text in UTF-16. A single NUL is an ordinary
 * character.
 */
const isUtf16 = (text: string): boolean => {
  const start = text.slice(0, 1000)
  return start.split('\0').length - 1 >= Math.max(2, Math.floor((start.length - 4) / 3))
}

/** The fault of the whole text, such as its encoding, if its single errors would mislead. */
export const wholeTextHint = (text: string): string | undefined => {
  if (isUtf16(text)) return UTF16_HINT
  return /^(?:apiVersion|kind|data|metadata|Corefile):(?:\s|$)/m.test(text) ? YAML_HINT : undefined
}

/** Variables that are not set, where an error is about the word that refers to them. */
const unsetHint = (names: readonly string[]): string => {
  const [first = '', ...others] = new Set(names)
  if (others.length === 0) return `environment variable ${first} is not set`
  return `environment variables ${[first, ...others].join(', ')} are not set`
}

/** More warnings than are useful to read. */
const UNSET_LIMIT = 100

/**
 * A warning for each place with unset variables, unless a diagnostic at that place mentions them
 * already.
 */
export const unsetWarnings = (
  unset: ReadonlyMap<Span, readonly string[]>,
  told: ReadonlySet<unknown>,
): Diagnostic[] =>
  [...unset]
    .filter(([span]) => !told.has(span))
    .slice(0, UNSET_LIMIT)
    .map(([span, names]) => ({
      severity: 'warning',
      code: 'unset-variable',
      message: unsetHint(names),
      span,
    }))

/** A warning with the same hint. */
export const warningWithUnset = (
  warning: Diagnostic,
  unset: ReadonlyMap<object, readonly string[]>,
): Diagnostic => {
  const names = warning.span && unset.get(warning.span)
  return names === undefined ? warning : { ...warning, hint: unsetHint(names) }
}

/**
 * The error with the unset variables of its place as a hint: they explain more than a similar
 * spelling.
 */
export const withUnset = (
  error: CorefileError,
  unset: ReadonlyMap<object, readonly string[]>,
): CorefileError => {
  const names = error.span && unset.get(error.span)
  return names === undefined ? error : error.hinted(unsetHint(names))
}

/** Help for an error at a quote that is never closed: that is then the only fault. */
export const quoteHelp = (token: Token | undefined): Help =>
  token?.isUnclosed ? { hint: UNCLOSED_HINT } : {}

/** Help for a text that ends, or begins another block, before a brace is closed. */
export const neverClosed = (opening: Token | undefined): Help =>
  opening === undefined
    ? {}
    : {
        hint: `a '}' is missing`,
        related: { text: `this '{' is never closed`, span: opening.span },
      }

/** The place of an unknown directive name. */
interface NamePlace {
  readonly token: Token | undefined
  /** The first of the block. */
  readonly key: Token | undefined
  /** The block's, if the name may begin a block itself. */
  readonly opening: Token | undefined
  /** See ServerBlock. */
  readonly tooMany: Span | undefined
  /** Names of all directives. */
  readonly order: readonly string[]
}

interface NameHelp extends Help {
  /** Set if a server block begins there rather than a directive. */
  readonly block?: 'next' | 'imported'
}

/** Help for an unknown directive name. */
export const unknownDirectiveHelp = (name: string, place: NamePlace): NameHelp => {
  const { key, tooMany, order } = place
  const hint = unknownDirectiveHint(name, key?.text, order)
  const block = blockHelp(name, place)
  if (block !== undefined) return { ...block, hint: hint ?? block.hint }
  if (key === undefined || tooMany === undefined) return { hint: hint ?? ownPluginHint(name) }
  // A directive behind a surplus brace has become the block's key. Then this name is one of its
  // options, unless there is a better explanation.
  const isOption = hint === undefined || OPTION_OWNERS.has(name) || isIP(name) !== 0
  return isOption ? { hint: tooManyHint(key.text), related: endBefore(tooMany) } : { hint }
}

const blockHelp = (name: string, { token, key, opening }: NamePlace): NameHelp | undefined => {
  if (key?.text === '}')
    return { block: 'next', related: { text: `this '}' closes nothing`, span: key.span } }
  if (token === undefined || opening === undefined || !looksLikeKey(name)) return undefined
  const isFile = token.file !== opening.file
  // A snippet is defined above the block that imports it.
  if (!isFile && token.line > opening.line) return { block: 'next', ...neverClosed(opening) }
  const hint = `an imported ${isFile ? 'file' : 'snippet'} holds a server block: import it outside of the block`
  return { block: 'imported', hint }
}

const endBefore = (span: Span): Related => ({
  text: `this '}' ended what stands above: a '}' too many?`,
  span,
})

const tooManyHint = (word: string): string => `'${word}' is a directive: is a '}' too many above?`

/** Whether only its name suggests that it is no block: it has directives in braces of its own. */
const isWellFormed = ({ isBraced, directives }: ServerBlock): boolean =>
  isBraced && directives.size > 0

/** A warning for a block that begins with a directive behind a surplus brace. */
export const misnamedBlock = (block: ServerBlock): Diagnostic[] => {
  const { keys, tooMany } = block
  const [key] = keys
  if (key === undefined || tooMany === undefined || isWellFormed(block)) return []
  const message = `a server block with the name of the directive '${key.text}' begins here`
  return [
    {
      severity: 'warning',
      code: 'misnamed-block',
      message,
      span: key.span,
      related: endBefore(tooMany),
    },
  ]
}

/** The error with a hint, if its place is a key of such a block. */
export const withMisnamed = (
  error: CorefileError,
  keys: ReadonlyMap<object, string>,
): CorefileError => {
  const hint = error.span && keys.get(error.span)
  return hint === undefined ? error : error.hinted(hint)
}

/** Hints for errors about the keys of such blocks, by their places. */
export const misnamedKeys = (blocks: readonly ServerBlock[]): ReadonlyMap<object, string> =>
  new Map(
    blocks.flatMap(block => {
      const [first] = block.keys
      if (first === undefined || block.tooMany === undefined) return []
      // `local` may well be a zone, but hardly one of several keys.
      const keys = isWellFormed(block) ? block.keys.slice(1) : block.keys
      return keys.map(({ span }): [object, string] => [span, tooManyHint(first.text)])
    }),
  )
