// The result of parsing a Corefile: server blocks of tokens, further data for diagnostics, and the
// hash of the configuration.

import type { Diagnostic } from './diagnostics/diagnostic.ts'
import type { Span, Token } from './diagnostics/span.ts'

/** Places in the tokens of a directive, by index. */
export interface Occurrences {
  /** The directive's name, once per occurrence. */
  readonly starts: readonly number[]
  /**
   * Tokens that caddy's Dispenser would take for a further occurrence: a `{` on a line of its own,
   * or text behind the closing `}`.
   */
  readonly strays: readonly number[]
}

export interface ServerBlock {
  /** Name of the main file, as errors show it. */
  readonly file: string
  /** After environment substitution, without trailing commas; never empty. */
  readonly keys: readonly Token[]
  /** Whether it has a '{' of its own. */
  readonly isBraced: boolean
  /**
   * For a block whose first key is the name of a directive: the '}' before it, which may be a
   * surplus one.
   */
  readonly tooMany: Span | undefined
  /** Maps a directive to the tokens of all its occurrences, in file order. */
  readonly directives: ReadonlyMap<string, readonly Token[]>
  readonly occurrences: ReadonlyMap<string, Occurrences>
}

export interface ParsedCorefile {
  readonly blocks: readonly ServerBlock[]
  readonly warnings: readonly Diagnostic[]
  /** Every source text by Span.file. */
  readonly files: ReadonlyMap<string, string>
  /** Unset variables, by the place of the word that refers to them. */
  readonly unset: ReadonlyMap<Span, readonly string[]>
}

export interface CorefileSource {
  readonly text: string
  /** File name in errors: `Corefile`, the value of -conf, `/dev/stdin`. */
  readonly file: string
  /** Absolute folder that its relative imports start from. */
  readonly baseDir: string
}

const unicodeEscape = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** encoding/json with its HTML escaping. JSON.stringify's own short escapes are Go's too. */
const goString = (text: string): string =>
  JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, unicodeEscape)

const goToken = (token: Token): string =>
  `{"File":${goString(token.file)},"Line":${token.line},"Text":${goString(token.text)}}`

const goBlock = (block: ServerBlock): string => {
  const keys = block.keys.map(key => goString(key.text)).join(',')
  const names = [...block.directives.keys()].sort()
  const tokens = names.map(
    name => `${goString(name)}:[${(block.directives.get(name) ?? []).map(goToken).join(',')}]`,
  )
  return `{"Keys":[${keys}],"Tokens":{${tokens.join(',')}}}`
}

/**
 * The JSON that is hashed: `null` for no blocks. Line numbers are part of it, comments and columns
 * are not.
 */
export const configJson = (parsed: Pick<ParsedCorefile, 'blocks'>): string =>
  parsed.blocks.length === 0 ? 'null' : `[${parsed.blocks.map(goBlock).join(',')}]`

/** 128 lower-case hexadecimal digits. */
export const configHash = (parsed: Pick<ParsedCorefile, 'blocks'>): string => {
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha512').update(configJson(parsed)).digest('hex')
}
