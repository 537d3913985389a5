// Tokens to server blocks: keys, directives, snippets, imports, with the grammar, quirks and error
// texts of caddy's caddyfile/parse.go. It does not interpret keys or the arguments of directives.

import {
  CorefileError,
  type CorefileErrorOptions,
  type Diagnostic,
  firstOne,
  parsingError,
} from '../diagnostics/diagnostic.ts'
import {
  neverClosed,
  ONE_LINE_HINT,
  quoteHelp,
  UNCLOSED_HINT,
  unknownDirectiveHelp,
} from '../diagnostics/hints.ts'
import type { Span, Token } from '../diagnostics/span.ts'
import { DIRECTIVES } from '../order.ts'
import type { CorefileSource, ServerBlock } from '../server-block.ts'
import { type Environment, replaceEnvironment } from './env.ts'
import { Importer, type SnippetHead, snippetHead, TOO_MANY_SNIPPETS } from './import.ts'
import { lex } from './lexer.ts'
import type { Loader } from './loader.ts'
import { TokenStream } from './token-stream.ts'

/** A block or directive while it is being read. */
interface OpenDirective {
  readonly tokens: Token[]
  readonly starts: number[]
  readonly strays: number[]
}

const NO_OPENING_BRACE = `Unexpected '}' because no matching opening brace`

/** Called with each error; parsing goes on if it returns. */
export type Report = (error: CorefileError) => void

export class BlockParser {
  readonly blocks: ServerBlock[] = []
  readonly warnings: Diagnostic[] = []
  readonly unset = new Map<Span, readonly string[]>()
  readonly importer: Importer
  #stream = new TokenStream([])
  readonly #source: CorefileSource
  readonly #env: Environment
  readonly #order: readonly string[]
  readonly #known: ReadonlySet<string>
  #keys: Token[] = []
  #directives = new Map<string, OpenDirective>()
  readonly #report: Report
  /** The directive that is being read. */
  #reading: string | undefined
  /** The current block lacks its brace and ends where the next one begins. */
  #endsEarly = false
  /** The '{' of the current block. */
  #opening: Token | undefined
  /** The '}' that ended the last block. */
  #ended: Token | undefined
  /** See ServerBlock.tooMany; of the current block. */
  #tooMany: Span | undefined

  /** `order` are the names of all directives. */
  constructor(
    source: CorefileSource,
    loader: Loader,
    env: Environment,
    report: Report,
    order: readonly string[] = DIRECTIVES,
  ) {
    this.#source = source
    this.#order = order
    this.#known = new Set(order)
    this.#report = report
    this.#env = env
    this.importer = new Importer(loader, source.baseDir)
    this.importer.files.set(source.file, source.text)
  }

  /** Throws CorefileError where parsing cannot go on. */
  parseAll(): void {
    const { text, file } = this.#source
    this.#stream = new TokenStream(lex({ text, name: file, file: '' }))
    while (this.#stream.advance()) {
      this.#keys = []
      this.#directives = new Map()
      this.#opening = undefined
      const first = this.#stream.current
      const goesOn = this.#readKeys()
      this.#tooMany = this.#known.has(this.#keys[0]?.text ?? '')
        ? (this.#tooMany ?? this.#ended?.span)
        : undefined
      if (goesOn) this.#readBody()
      if (this.#keys.length > 0) this.blocks.push(this.#finishBlock())
      else if (this.#directives.size > 0)
        this.#warn('no-keys', 'server block without a zone is ignored', first)
    }
  }

  /**
   * After an error that ended the parse: adds the block that was being read, as far as it is
   * complete.
   */
  finishBroken(): void {
    if (this.#reading === undefined || this.#keys.length === 0) return
    this.#directives.delete(this.#reading)
    this.blocks.push(this.#finishBlock())
  }

  #finishBlock(): ServerBlock {
    return {
      file: this.#source.file,
      keys: this.#keys,
      isBraced: this.#opening !== undefined,
      tooMany: this.#tooMany,
      directives: new Map([...this.#directives].map(([name, { tokens }]) => [name, tokens])),
      occurrences: new Map(
        [...this.#directives].map(([name, { starts, strays }]) => [name, { starts, strays }]),
      ),
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
        if (expectsAnother) throw this.#err('Unexpected EOF', { code: 'syntax' })
        return false
      }
      if (text === '{') {
        if (!expectsAnother) return true
        this.#report(
          this.#err(`Expected another address but had '{' - check for extra comma`, {
            code: 'syntax',
          }),
        )
        return true
      }
      if (text !== '') {
        expectsAnother = text.endsWith(',')
        const token = this.#stream.current
        if (token !== undefined)
          this.#keys.push({ ...token, text: expectsAnother ? text.slice(0, -1) : text })
      }
      if (!this.#stream.advance()) {
        if (expectsAnother) throw this.#err('Unexpected EOF', { code: 'syntax' })
        return false
      }
      if (!expectsAnother && this.#stream.isNewLine) return true
    }
  }

  #readBody(): void {
    const snippet = snippetHead(this.#keys)
    if (snippet !== undefined) {
      this.#defineSnippet(snippet)
      this.#keys = []
      this.#ended = this.#stream.current
      return
    }
    if (this.#text() === '{') this.#opening = this.#stream.current
    else this.#stream.retreat()
    this.#endsEarly = false
    this.#readDirectives()
    this.#reading = undefined
    const isClosed = !this.#endsEarly && this.#text() === '}'
    this.#ended = isClosed ? this.#stream.current : undefined
    if (this.#opening !== undefined && !isClosed && !this.#endsEarly) {
      this.#report(this.#syntaxErr('}').explained(neverClosed(this.#opening)))
    }
  }

  #defineSnippet({ name, place }: SnippetHead): void {
    const first = this.importer.placeOf(name)
    const again = `redeclaration of previously declared snippet ${name}`
    if (first !== undefined)
      this.#report(this.#err(again, { code: 'import', ...firstOne(first, place) }))
    if (this.#text() !== '{') throw this.#syntaxErr('{')
    const opening = this.#stream.current
    const tokens: Token[] = []
    let importsItself = false
    let lastWasImport = false
    for (let depth = 1; ; ) {
      if (!this.#stream.advance()) throw this.#syntaxErr('}').explained(neverClosed(opening))
      if (this.#text() === '}' && --depth === 0) break
      if (this.#text() === '{') depth++
      if (lastWasImport && this.#substitute(this.#stream.current) === name) importsItself = true
      // The first token of a body counts as the start of a line even behind the brace.
      lastWasImport = this.#text() === 'import' && (tokens.length === 0 || this.#stream.isNewLine)
      if (this.#stream.current !== undefined) tokens.push(this.#stream.current)
    }
    if (importsItself) {
      this.#report(
        this.#err(TOO_MANY_SNIPPETS, {
          code: 'import',
          hint: `the snippet '${name}' imports itself`,
        }),
      )
    }
    if (first === undefined) this.importer.define(name, importsItself ? [] : tokens, place)
  }

  #readDirectives(): void {
    while (this.#stream.advance()) {
      if (this.#text() === '}') return
      if (this.#text() === 'import') this.#import()
      else {
        const open = this.#openDirective()
        if (this.#endsEarly) return
        this.#readDirective(open)
      }
    }
  }

  /** Also for an unknown name, once it has been reported: its tokens are then dropped. */
  #openDirective(): OpenDirective {
    const name = this.#substitute(this.#stream.current)
    this.#reading = name
    const open = this.#directives.get(name) ?? { tokens: [], starts: [], strays: [] }
    if (this.#known.has(name)) this.#directives.set(name, open)
    else this.#reportUnknown(name)
    open.starts.push(open.tokens.length)
    // CoreDNS does not replace references in the name itself; the configuration's hash shows it.
    if (this.#stream.current !== undefined) open.tokens.push(this.#stream.current)
    return open
  }

  /**
   * A name that looks like a key begins the next block. Then this block lacks its brace, or an
   * import has put a block into it.
   */
  #reportUnknown(name: string): void {
    const opening = this.#stream.lineEnd?.text === '{' ? this.#opening : undefined
    const place = {
      token: this.#stream.current,
      key: this.#keys[0],
      opening,
      tooMany: this.#tooMany,
      order: this.#order,
    }
    const { block, ...help } = unknownDirectiveHelp(name, place)
    this.#report(this.#err(`Unknown directive '${name}'`, { code: 'unknown-directive', ...help }))
    if (block === 'imported') this.#stream.skipBlock()
    if (block !== 'next') return
    this.#endsEarly = true
    this.#stream.retreat()
  }

  /** From the directive's name to the end of its line, or of the block that begins there. */
  #readDirective(open: OpenDirective): void {
    const braces: (Token | undefined)[] = []
    // Only after an error: `health{` opens a block all the same.
    if (this.#text().endsWith('{')) braces.push(this.#stream.current)
    let isClosed = false
    while (this.#stream.advance()) {
      const text = this.#text()
      const isNewLine = this.#stream.isNewLine
      if (
        braces.length === 0 &&
        (text === '{' ? isNewLine || isClosed : isClosed && !isNewLine && text !== '}')
      ) {
        open.strays.push(open.tokens.length)
      }
      if (text === '{') braces.push(this.#stream.current)
      else if (braces.length === 0 && (isNewLine || text === '}')) {
        // The parser takes it for the end of the server block.
        if (!isNewLine)
          this.#report(this.#err(NO_OPENING_BRACE, { code: 'syntax', hint: ONE_LINE_HINT }))
        this.#stream.retreat()
        return
      } else if (text === '}') {
        braces.pop()
        isClosed = braces.length === 0
      } else if (text === 'import' && isNewLine) {
        this.#import()
        continue
      }
      this.#addToken(open)
    }
    if (braces.length > 0)
      throw this.#err('Unexpected EOF', { code: 'syntax' }).explained(neverClosed(braces.at(-1)))
  }

  #addToken(open: OpenDirective): void {
    const token = this.#stream.current
    if (token === undefined) return
    if (token.isUnclosed) this.#warn('unclosed-quote', UNCLOSED_HINT, token)
    const text = this.#substitute(token)
    const substituted = text === token.text ? token : { ...token, text }
    this.#stream.substitute(substituted)
    open.tokens.push(substituted)
  }

  /** Replaces `import NAME`; the next advance goes to the first imported token. */
  #import(): void {
    try {
      const argument = this.#importArgument()
      const name = this.#substitute(argument)
      if (name === '') throw this.#err('Import requires a non-empty filepath', { code: 'import' })
      if (this.#stream.advanceInLine()) {
        throw this.#err('Import takes only one argument (glob pattern or file)', { code: 'import' })
      }
      const imported = this.importer.import(name, argument?.file ?? '')
      if ('problem' in imported)
        throw this.#err(imported.problem, { code: 'import', hint: imported.hint })
      if (imported.warning !== undefined) this.#warn('import', imported.warning, argument)
      this.#stream.replaceLast(2, imported.tokens)
    } catch (error) {
      if (!(error instanceof CorefileError)) throw error
      this.#report(error)
      // As if nothing had been imported.
      while (this.#stream.advanceInLine());
      this.#stream.replaceLast(2, [])
    }
  }

  #importArgument(): Token | undefined {
    if (this.#stream.advanceInLine()) return this.#stream.current
    const text = `Wrong argument count or unexpected line ending after '${this.#text()}'`
    throw this.#err(text, { code: 'arguments' })
  }

  #substitute(token: Token | undefined): string {
    const text = token?.text ?? ''
    const unset: string[] = []
    const replaced = replaceEnvironment(text, this.#env, name => unset.push(name))
    if (token !== undefined && unset.length > 0) this.unset.set(token.span, unset)
    if (replaced === undefined)
      throw this.#err(`environment substitution does not end in '${text}'`, { code: 'environment' })
    return replaced
  }

  #warn(code: string, message: string, token: Token | undefined): void {
    this.warnings.push({ severity: 'warning', code, message, ...(token && { span: token.span }) })
  }

  #err(text: string, options: CorefileErrorOptions): CorefileError {
    const span = this.#stream.current?.span
    const message = parsingError(span?.file ?? this.#source.file, span?.line ?? 0, text)
    return new CorefileError(message, { span, ...quoteHelp(this.#stream.current), ...options })
  }

  #syntaxErr(expected: string): CorefileError {
    const span = this.#stream.current?.span
    const place = `${span?.file ?? this.#source.file}:${span?.line ?? 0}`
    const message = `${place} - Syntax error: Unexpected token '${this.#text()}', expecting '${expected}'`
    return new CorefileError(message, { code: 'syntax', span, ...quoteHelp(this.#stream.current) })
  }
}
