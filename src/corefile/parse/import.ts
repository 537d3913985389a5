// `import PATTERN`: snippets and files to tokens, with CoreDNS's caps. The parser puts the tokens
// in their place.

import { dirname, join, resolve } from 'node:path/posix'
import { didYouMean } from '../diagnostics/nearest.ts'
import type { Span, Token } from '../diagnostics/span.ts'
import { glob, hasWildcard } from './glob.ts'
import { lex, TOKEN_LIMIT } from './lexer.ts'
import type { Loader } from './loader.ts'

const SNIPPET_EXPANSIONS = 10_000
const FILE_EXPANSIONS = 100_000
export const TOO_MANY_SNIPPETS = `maximum snippet import depth (${SNIPPET_EXPANSIONS}) exceeded`
/** CoreDNS prints the snippet number here too. */
const TOO_MANY_FILES = `maximum file import depth (${SNIPPET_EXPANSIONS}) exceeded`

export interface ImportProblem {
  /** The text behind `Error during parsing: `. */
  readonly problem: string
  readonly hint?: string | undefined
}

export interface Imported {
  readonly tokens: readonly Token[]
  /** Nothing matched a pattern with wildcards: a warning, not an error. */
  readonly warning?: string
}

export interface SnippetHead {
  readonly name: string
  readonly place: Span
}

/** The snippet that a block with these keys defines. */
export const snippetHead = ([key, ...others]: readonly Token[]): SnippetHead | undefined => {
  if (
    key === undefined ||
    others.length > 0 ||
    !key.text.startsWith('(') ||
    !key.text.endsWith(')')
  )
    return undefined
  return { name: key.text.slice(1, -1), place: key.span }
}

/**
 * The snippets, files and counts of one parse. Files and patterns are looked up once: a cycle costs
 * no more than its tokens.
 */
export class Importer {
  /** Every source text by the name its spans show. */
  readonly files = new Map<string, string>()
  readonly #loader: Loader
  readonly #baseDir: string
  readonly #snippets = new Map<string, readonly Token[]>()
  readonly #places = new Map<string, Span>()
  readonly #lexed = new Map<string, readonly Token[]>()
  readonly #matches = new Map<string, readonly string[] | undefined>()
  #snippetExpansions = 0
  #fileExpansions = 0
  #tokens = 0

  constructor(loader: Loader, baseDir: string) {
    this.#loader = loader
    this.#baseDir = baseDir
  }

  /** Stores the body of a snippet that is not defined yet. */
  define(name: string, tokens: readonly Token[], place: Span): void {
    this.#snippets.set(name, tokens)
    this.#places.set(name, place)
  }

  /** The place of the snippet's definition, if it is defined. */
  placeOf(name: string): Span | undefined {
    return this.#places.get(name)
  }

  /** The tokens that take the place of `import NAME`; `file` is Token.file of the import itself. */
  import(name: string, file: string): Imported | ImportProblem {
    const snippet = this.#snippets.get(name)
    if (snippet === undefined) return this.#importFiles(name, file)
    if (this.#snippetExpansions === SNIPPET_EXPANSIONS) return { problem: TOO_MANY_SNIPPETS }
    this.#snippetExpansions++
    return this.#count(snippet, TOO_MANY_SNIPPETS)
  }

  #count(tokens: readonly Token[], tooMany: string): Imported | ImportProblem {
    this.#tokens += tokens.length
    if (this.#tokens <= TOKEN_LIMIT) return { tokens }
    return { problem: tooMany, hint: `imports expand to more than ${TOKEN_LIMIT} words` }
  }

  #importFiles(name: string, file: string): Imported | ImportProblem {
    if (this.#fileExpansions === FILE_EXPANSIONS) return { problem: TOO_MANY_FILES }
    this.#fileExpansions++
    const folder = file === '' ? this.#baseDir : dirname(file)
    const pattern = name.startsWith('/') ? name : join(folder, name).replace(/(.)\/+$/, '$1')
    if (
      pattern.split('*').length > 2 ||
      pattern.split('?').length > 2 ||
      (pattern.includes('[') && pattern.includes(']'))
    ) {
      return {
        problem: `Glob pattern may only contain one wildcard (*), but has others: ${pattern}`,
      }
    }
    const paths = this.#find(pattern)
    if (paths === undefined)
      return { problem: `Failed to use import pattern ${name}: syntax error in pattern` }
    if (paths.length > 0) return this.#readAll(paths)
    if (hasWildcard(pattern))
      return { tokens: [], warning: `No files matching import glob pattern: ${name}` }
    const hint =
      didYouMean(name, [...this.#snippets.keys()]) ??
      'a snippet must be defined above its first use'
    return {
      problem: `File to import not found: ${name}`,
      hint: name.includes('/') ? undefined : hint,
    }
  }

  #find(pattern: string): readonly string[] | undefined {
    if (!this.#matches.has(pattern)) this.#matches.set(pattern, glob(pattern, this.#loader))
    return this.#matches.get(pattern)
  }

  #readAll(paths: readonly string[]): Imported | ImportProblem {
    let all: readonly Token[] = []
    for (const path of paths) {
      const read = this.#read(path)
      if ('problem' in read) return read
      const counted = this.#count(read.tokens, TOO_MANY_FILES)
      if ('problem' in counted) return counted
      all = paths.length === 1 ? read.tokens : all.concat(read.tokens)
    }
    return { tokens: all }
  }

  #read(path: string): { readonly tokens: readonly Token[] } | ImportProblem {
    const known = this.#lexed.get(path)
    if (known !== undefined) return { tokens: known }
    if (this.#loader.kindOf(path) === 'directory')
      return { problem: `Could not import ${path}: is a directory` }
    let text: string
    try {
      text = this.#loader.readFile(path)
    } catch (error) {
      return {
        problem: `Could not import ${path}: ${error instanceof Error ? error.message : String(error)}`,
      }
    }
    const file = resolve(path)
    this.files.set(file, text)
    const tokens = lex({ text, name: file, file })
    this.#lexed.set(path, tokens)
    return { tokens }
  }
}
