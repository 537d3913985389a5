// Tokens to server blocks: keys, directives, snippets, imports, with caddy's grammar, quirks and error texts (reference: corefile-core §1.2–1.4).
// Does not look into keys or into the arguments of directives.

import { CorefileError, type Diagnostic, parsingError } from './diagnostic.ts'
import type { Occurrences } from './directive.ts'
import { type Environment, replaceEnvironment } from './env.ts'
import { Importer, TOO_MANY_SNIPPETS } from './import.ts'
import { lex } from './lexer.ts'
import type { Loader } from './loader.ts'
import { didYouMean } from './nearest.ts'
import { DIRECTIVES } from './order.ts'
import type { Token } from './span.ts'
import { TokenStream } from './token-stream.ts'

export interface ServerBlock {
  /** Name of the main file, as errors show it. */
  readonly file: string
  /** After environment substitution, without trailing commas; never empty. */
  readonly keys: readonly Token[]
  /** Directive to the tokens of all its occurrences, in file order. */
  readonly directives: ReadonlyMap<string, readonly Token[]>
  readonly occurrences: ReadonlyMap<string, Occurrences>
}

export interface ParsedCorefile {
  readonly blocks: readonly ServerBlock[]
  readonly warnings: readonly Diagnostic[]
  /** Every source text by Span.file. */
  readonly files: ReadonlyMap<string, string>
}

export interface CorefileSource {
  readonly text: string
  /** What errors call it: `Corefile`, the value of -conf, `/dev/stdin`. */
  readonly file: string
  /** Absolute folder that its relative imports start from. */
  readonly baseDir: string
}

/** A block or directive while it is being read. */
interface OpenDirective {
  readonly tokens: Token[]
  readonly starts: number[]
  readonly strays: number[]
}

class Parser {
  readonly blocks: ServerBlock[] = []
  readonly warnings: Diagnostic[] = []
  readonly importer: Importer
  readonly #stream: TokenStream
  readonly #source: CorefileSource
  readonly #env: Environment
  readonly #known: ReadonlySet<string>
  #keys: Token[] = []
  #directives = new Map<string, OpenDirective>()

  constructor(source: CorefileSource, loader: Loader, env: Environment) {
    this.#source = source
    this.#env = env
    this.#known = new Set(DIRECTIVES)
    this.importer = new Importer(loader, source.baseDir)
    this.importer.files.set(source.file, source.text)
    this.#stream = new TokenStream(lex({ text: source.text, name: source.file, file: '' }))
  }

  parseAll(): void {
    while (this.#stream.advance()) {
      this.#keys = []
      this.#directives = new Map()
      const first = this.#stream.current
      if (this.#readKeys()) this.#readBody()
      if (this.#keys.length > 0) this.blocks.push(this.#finishBlock())
      else if (this.#directives.size > 0) this.#warn('no-keys', 'server block without a zone is ignored', first)
    }
  }

  #finishBlock(): ServerBlock {
    return {
      file: this.#source.file,
      keys: this.#keys,
      directives: new Map([...this.#directives].map(([name, { tokens }]) => [name, tokens])),
      occurrences: new Map([...this.#directives].map(([name, { starts, strays }]) => [name, { starts, strays }])),
    }
  }

  #text(): string {
    return this.#stream.current?.text ?? ''
  }

  /** The keys of a block, up to `{` or the end of the line; false at the end of the file. */
  #readKeys(): boolean {
    let expectsAnother = false
    for (;;) {
      const text = this.#substitute(this.#stream.current)
      if (text === 'import' && this.#stream.isNewLine) {
        this.#import()
        if (this.#stream.advance()) continue
        if (expectsAnother) throw this.#err('Unexpected EOF', 'syntax')
        return false
      }
      if (text === '{') {
        if (!expectsAnother) return true
        throw this.#err(`Expected another address but had '{' - check for extra comma`, 'syntax')
      }
      if (text !== '') {
        expectsAnother = text.endsWith(',')
        this.#addKey(expectsAnother ? text.slice(0, -1) : text)
      }
      if (!this.#stream.advance()) {
        if (expectsAnother) throw this.#err('Unexpected EOF', 'syntax')
        return false
      }
      if (!expectsAnother && this.#stream.isNewLine) return true
    }
  }

  #addKey(text: string): void {
    const token = this.#stream.current
    if (token !== undefined) this.#keys.push({ ...token, text })
  }

  #readBody(): void {
    const name = this.#snippetName()
    if (name !== undefined) {
      this.#defineSnippet(name)
      this.#keys = []
      return
    }
    const hasBrace = this.#text() === '{'
    if (!hasBrace) this.#stream.retreat()
    this.#readDirectives()
    if (hasBrace && this.#text() !== '}') throw this.#syntaxErr('}')
  }

  #snippetName(): string | undefined {
    const [key, ...others] = this.#keys
    if (key === undefined || others.length > 0 || !key.text.startsWith('(') || !key.text.endsWith(')')) return undefined
    return key.text.slice(1, -1)
  }

  #defineSnippet(name: string): void {
    if (this.importer.isDefined(name)) throw this.#err(`redeclaration of previously declared snippet ${name}`, 'import')
    if (this.#text() !== '{') throw this.#syntaxErr('{')
    const tokens: Token[] = []
    let importsItself = false
    let lastWasImport = false
    for (let depth = 1; ; ) {
      if (!this.#stream.advance()) throw this.#syntaxErr('}')
      if (this.#text() === '}' && --depth === 0) break
      if (this.#text() === '{') depth++
      if (lastWasImport && this.#substitute(this.#stream.current) === name) importsItself = true
      // The first token of a body counts as the start of a line even behind the brace.
      lastWasImport = this.#text() === 'import' && (tokens.length === 0 || this.#stream.isNewLine)
      if (this.#stream.current !== undefined) tokens.push(this.#stream.current)
    }
    if (importsItself) throw this.#err(TOO_MANY_SNIPPETS, 'import', `the snippet '${name}' imports itself`)
    this.importer.define(name, tokens)
  }

  #readDirectives(): void {
    while (this.#stream.advance()) {
      if (this.#text() === '}') return
      if (this.#text() === 'import') this.#import()
      else this.#readDirective()
    }
  }

  #openDirective(): OpenDirective {
    const name = this.#substitute(this.#stream.current)
    if (!this.#known.has(name)) {
      throw this.#err(`Unknown directive '${name}'`, 'unknown-directive', didYouMean(name, DIRECTIVES))
    }
    let open = this.#directives.get(name)
    if (open === undefined) {
      open = { tokens: [], starts: [], strays: [] }
      this.#directives.set(name, open)
    }
    open.starts.push(open.tokens.length)
    // CoreDNS leaves references in the name itself as they are; the configuration's hash shows it.
    if (this.#stream.current !== undefined) open.tokens.push(this.#stream.current)
    return open
  }

  /** From the directive's name to the end of its line, or of the block that begins there. */
  #readDirective(): void {
    const open = this.#openDirective()
    let nesting = 0
    let isClosed = false
    while (this.#stream.advance()) {
      const text = this.#text()
      const isNewLine = this.#stream.isNewLine
      if (nesting === 0 && (text === '{' ? isNewLine || isClosed : isClosed && !isNewLine && text !== '}')) {
        open.strays.push(open.tokens.length)
      }
      if (text === '{') nesting++
      else if (isNewLine && nesting === 0) {
        this.#stream.retreat()
        return
      } else if (text === '}') {
        if (nesting === 0) throw this.#err(`Unexpected '}' because no matching opening brace`, 'syntax')
        nesting--
        isClosed = nesting === 0
      } else if (text === 'import' && isNewLine) {
        this.#import()
        continue
      }
      this.#addToken(open)
    }
    if (nesting > 0) throw this.#err('Unexpected EOF', 'syntax')
  }

  #addToken(open: OpenDirective): void {
    const token = this.#stream.current
    if (token === undefined) return
    const text = this.#substitute(token)
    const substituted = text === token.text ? token : { ...token, text }
    this.#stream.substitute(substituted)
    open.tokens.push(substituted)
  }

  /** Replaces `import NAME`; the next advance goes to what was imported. */
  #import(): void {
    if (!this.#stream.advanceInLine()) {
      throw this.#err(`Wrong argument count or unexpected line ending after '${this.#text()}'`, 'arguments')
    }
    const argument = this.#stream.current
    const name = this.#substitute(argument)
    if (name === '') throw this.#err('Import requires a non-empty filepath', 'import')
    if (this.#stream.advanceInLine()) {
      throw this.#err('Import takes only one argument (glob pattern or file)', 'import')
    }
    const imported = this.importer.import(name, argument?.file ?? '')
    if ('problem' in imported) throw this.#err(imported.problem, 'import', imported.hint)
    if (imported.warning !== undefined) this.#warn('import', imported.warning, argument)
    this.#stream.replaceLast(2, imported.tokens)
  }

  #substitute(token: Token | undefined): string {
    const text = token?.text ?? ''
    const replaced = replaceEnvironment(text, this.#env)
    if (replaced === undefined) throw this.#err(`environment substitution does not end in '${text}'`, 'environment')
    return replaced
  }

  #warn(code: string, message: string, token: Token | undefined): void {
    this.warnings.push({ severity: 'warning', code, message, ...(token && { span: token.span }) })
  }

  #err(text: string, code: string, hint?: string): CorefileError {
    const span = this.#stream.current?.span
    const message = parsingError(span?.file ?? this.#source.file, span?.line ?? 0, text)
    return new CorefileError(message, { code, span, hint })
  }

  #syntaxErr(expected: string): CorefileError {
    const span = this.#stream.current?.span
    const place = `${span?.file ?? this.#source.file}:${span?.line ?? 0}`
    const message = `${place} - Syntax error: Unexpected token '${this.#text()}', expecting '${expected}'`
    return new CorefileError(message, { code: 'syntax', span })
  }
}

/**
 * Reads a Corefile and what it imports. Throws CorefileError. No server blocks (an empty file, only comments or snippets) is no error:
 * the built-in Corefile is used then.
 */
export const parseCorefile = (source: CorefileSource, loader: Loader, env: Environment): ParsedCorefile => {
  const parser = new Parser(source, loader, env)
  parser.parseAll()
  return { blocks: parser.blocks, warnings: parser.warnings, files: parser.importer.files }
}
