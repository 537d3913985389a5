// All occurrences of one directive in one server block, read token by token as caddy's Dispenser
// does, and the order in which directives are read. Plugins see no other part of the Corefile.

import {
  CorefileError,
  type Diagnostic,
  firstOne,
  parsingError,
  type Related,
} from '../diagnostics/diagnostic.ts'
import { strayDirectiveHint, unknownOptionHint } from '../diagnostics/hints.ts'
import { lineBreaks, type Span, startsNewLine, type Token } from '../diagnostics/span.ts'
import type { InspectedBlock } from '../keys.ts'
import { DIRECTIVES } from '../order.ts'
import type { Occurrences, ServerBlock } from '../server-block.ts'

export interface DirectiveParts {
  readonly name: string
  /** Tokens of all occurrences, in file order; the first of each is the directive's name. */
  readonly tokens: readonly Token[]
  /** File name in errors where no token is current. */
  readonly file: string
  readonly occurrences: Occurrences
  readonly blockZones: readonly string[]
  readonly blockKeys: readonly string[]
  /** Names of all directives, for hints. */
  readonly order?: readonly string[] | undefined
}

export interface ErrorOptions {
  readonly code?: string
  readonly hint?: string | undefined
  readonly related?: Related | undefined
  /** The token whose place is shown; the current token by default. */
  readonly token?: Token | undefined
}

const NOWHERE = { line: 1, column: 1, length: 0 }

export class Directive {
  readonly name: string
  /** Normalised zones of the block's keys. */
  readonly blockZones: readonly string[]
  /** The block's keys as written, after environment substitution. */
  readonly blockKeys: readonly string[]
  readonly #tokens: readonly Token[]
  readonly #occurrences: Occurrences
  readonly #starts: ReadonlySet<number>
  readonly #file: string
  readonly #order: readonly string[]
  readonly #warnings: Diagnostic[] = []
  #cursor = -1
  #nesting = 0
  /** The current token closed a block: only another occurrence may follow. */
  #isClosed = false

  constructor(parts: DirectiveParts) {
    this.name = parts.name
    this.blockZones = parts.blockZones
    this.blockKeys = parts.blockKeys
    this.#order = parts.order ?? DIRECTIVES
    this.#tokens = parts.tokens
    this.#occurrences = parts.occurrences
    this.#starts = new Set(parts.occurrences.starts)
    this.#file = parts.file
  }

  /** Whether no further occurrence follows the current token. */
  get isLast(): boolean {
    return this.#cursor >= (this.#occurrences.starts.at(-1) ?? 0)
  }

  /** Yields each occurrence as a directive of its own. */
  *each(): Generator<Directive> {
    const { starts, strays } = this.#occurrences
    for (const [index, start] of starts.entries()) {
      const end = starts[index + 1] ?? this.#tokens.length
      const own = strays.filter(stray => stray > start && stray < end).map(stray => stray - start)
      yield this.#alone(this.#tokens.slice(start, end), own)
    }
  }

  /**
   * For a single occurrence: a copy without the block's line that has the token at that place.
   * Undefined if no line has it.
   */
  withoutLine(place: Span): Directive | undefined {
    const tokens = this.#tokens
    const opening = tokens.findIndex(({ text }) => text === '{')
    const at = tokens.findIndex(({ span }) => span === place)
    if (opening < 0 || at <= opening || this.#occurrences.strays.length > 0) return undefined
    let from = at
    while (from > opening + 1 && !startsNewLine(tokens[from - 1], tokens[from])) from--
    let to = at + 1
    while (to < tokens.length && !startsNewLine(tokens[to - 1], tokens[to])) to++
    if (tokens.slice(from, to).some(({ text }) => text === '{' || text === '}')) return undefined
    return this.#alone([...tokens.slice(0, from), ...tokens.slice(to)], [])
  }

  /**
   * For a single occurrence with a block: a copy with other words for the argument at that place.
   * Undefined if it is not before the block.
   */
  withArgument(place: Span, ...words: readonly string[]): Directive | undefined {
    const tokens = this.#tokens
    const at = tokens.findIndex(({ span }) => span === place)
    const old = tokens[at]
    const isArgument = at > 0 && at < tokens.findIndex(({ text }) => text === '{')
    if (old === undefined || !isArgument || this.#occurrences.strays.length > 0) return undefined
    const others = words.map(text => ({ ...old, text }))
    return this.#alone([...tokens.slice(0, at), ...others, ...tokens.slice(at + 1)], [])
  }

  #alone(tokens: readonly Token[], strays: readonly number[]): Directive {
    return new Directive({
      name: this.name,
      tokens,
      file: this.#file,
      occurrences: { starts: [0], strays },
      blockZones: this.blockZones,
      blockKeys: this.blockKeys,
      order: this.#order,
    })
  }

  /** Tokens of all occurrences, in file order. */
  get tokens(): readonly Token[] {
    return this.#tokens
  }

  /** Warnings of parsing, in order. */
  get warnings(): readonly Diagnostic[] {
    return this.#warnings
  }

  /**
   * Moves to the next token, on any line; false at the end. Throws CorefileError at a `{` on a line
   * of its own and at text behind a closing `}`: CoreDNS takes both for the directive's name, and
   * some of its plugins then misread the rest.
   */
  next(): boolean {
    const isClosed = this.#isClosed
    if (!this.#advance()) return false
    const isStray =
      this.#occurrences.strays.includes(this.#cursor) ||
      (isClosed && !this.#starts.has(this.#cursor))
    if (isStray) throw this.#strayErr()
    return true
  }

  #strayErr(): CorefileError {
    if (this.val() !== '{') return this.argErr()
    const hint = `the '{' of ${this.name} must stand on the line of ${this.name}`
    return this.err("Unexpected token '{', expecting argument", { code: 'arguments', hint })
  }

  #advance(): boolean {
    if (this.#cursor >= this.#tokens.length - 1) return false
    this.#isClosed = false
    this.#cursor++
    return true
  }

  /** Moves to the next token if it is on the same logical line. */
  nextArg(): boolean {
    return this.#moveIf(
      (here, there) => here.file === there.file && here.line + lineBreaks(here) === there.line,
    )
  }

  /** Moves to the next token if it starts a new line. */
  nextLine(): boolean {
    return this.#moveIf(startsNewLine)
  }

  #moveIf(accepts: (here: Token, there: Token) => boolean): boolean {
    const here = this.#tokens[this.#cursor]
    const there = this.#tokens[this.#cursor + 1]
    if (there === undefined || (here !== undefined && !accepts(here, there))) return false
    this.#cursor++
    this.#isClosed = false
    return true
  }

  /**
   * Enters a `{` on the same line, then moves to each token inside; false at the `}` or at the end
   * of the tokens. An empty block counts as no block. There is one level only: a `{` inside is
   * passed to the plugin as a token, which refuses it as an unknown option.
   */
  nextBlock(): boolean {
    if (this.#nesting > 0) {
      if (this.#advance() && this.val() !== '}') return true
      this.#nesting--
      this.#isClosed = true
      return false
    }
    if (!this.nextArg()) return false
    if (this.val() !== '{') {
      this.#cursor--
      return false
    }
    if (!this.#advance() || this.val() === '}') return false
    this.#nesting++
    return true
  }

  /** Text of the current token, '' before the first. */
  val(): string {
    return this.#tokens[this.#cursor]?.text ?? ''
  }

  /** The current token; before the first, an empty one with line 0. */
  get token(): Token {
    return (
      this.#tokens[this.#cursor] ?? {
        text: '',
        line: 0,
        file: '',
        span: { ...NOWHERE, file: this.#file },
      }
    )
  }

  /** Moves over the rest of the line, up to a token that is exactly `{`, and returns the texts. */
  remainingArgs(): string[] {
    return this.remainingTokens().map(token => token.text)
  }

  remainingTokens(): Token[] {
    const tokens: Token[] = []
    while (this.nextArg()) {
      if (this.val() === '{') {
        this.#cursor--
        break
      }
      if (this.val() === '}')
        this.warn(
          `'}' behind arguments counts as one of them: put it on a line of its own`,
          'brace-argument',
        )
      tokens.push(this.token)
    }
    return tokens
  }

  /** CoreDNS's generic error for too many or too few arguments, at the current token. */
  argErr(): CorefileError {
    if (this.val() === '{')
      return this.err("Unexpected token '{', expecting argument", { code: 'arguments' })
    const hint = this.#startsLineInBlock() ? this.strayHint() : undefined
    const text = `Wrong argument count or unexpected line ending after '${this.val()}'`
    return this.err(text, {
      code: 'arguments',
      hint,
      related: hint === undefined ? undefined : this.#openBrace(),
    })
  }

  /**
   * For a line of the block that the plugin cannot read for any reason: a hint, if the current
   * token is the name of a directive.
   */
  strayHint(): string | undefined {
    return this.#isDirective() ? strayDirectiveHint(this.val()) : undefined
  }

  #isDirective(): boolean {
    return this.#order.includes(this.val())
  }

  /** `FILE:LINE - Error during parsing: text`. */
  err(text: string, options: ErrorOptions = {}): CorefileError {
    const { span, line } = options.token ?? this.token
    return this.#error(parsingError(span.file, line, text), options)
  }

  /** `FILE:LINE - Syntax error: Unexpected token 'x', expecting 'expected'`. */
  syntaxErr(expected: string): CorefileError {
    const { span, line } = this.token
    const message = `${span.file}:${line} - Syntax error: Unexpected token '${this.val()}', expecting '${expected}'`
    return this.#error(message, { code: 'syntax' })
  }

  /**
   * An error without FILE:LINE in its text, as many of CoreDNS's plugins have; its place is kept in
   * `span`.
   */
  plainErr(text: string, options: ErrorOptions = {}): CorefileError {
    return this.#error(text, options)
  }

  /** err(text) for the current token, with the most similar known option as a hint. */
  unknownOption(text: string, known: readonly string[]): CorefileError {
    return this.err(text, this.optionHelp(known))
  }

  /**
   * Hint and place for a current token that is none of the `known` options: for errors without
   * FILE:LINE in their text.
   */
  optionHelp(known: readonly string[]): ErrorOptions {
    const isDirective = this.#isDirective()
    return {
      code: 'unknown-option',
      hint: unknownOptionHint(this.name, this.val(), known, isDirective),
      related: isDirective ? this.#openBrace() : undefined,
    }
  }

  #startsLineInBlock(): boolean {
    return this.#nesting > 0 && startsNewLine(this.#tokens[this.#cursor - 1], this.token)
  }

  /** The opening brace of the block around the current token. */
  #openBrace(): Related | undefined {
    const brace = this.#tokens.slice(0, this.#cursor).findLast(({ text }) => text === '{')
    return brace && { text: `this '{' is still open`, span: brace.span }
  }

  /** Throws CorefileError if the directive occurs twice in the block, or seems to (see next). */
  once(): void {
    const token = this.#tokens[this.#occurrences.starts[1] ?? this.#occurrences.strays[0] ?? -1]
    const [first] = this.#tokens
    if (token === undefined || first === undefined) return
    const text = 'this plugin can only be used once per Server Block'
    throw this.plainErr(text, { code: 'once', token, ...firstOne(first.span, token.span) })
  }

  /**
   * Adds a warning, at the current token by default. `check` shows it, and the server logs it at
   * start. `code` is stable, for tools.
   */
  warn(text: string, code: string, token = this.token): void {
    this.#warnings.push({ severity: 'warning', code, message: text, span: token.span })
  }

  #error(message: string, options: ErrorOptions): CorefileError {
    const token = options.token ?? this.token
    const span: Span | undefined = token.line === 0 ? undefined : token.span
    const { code = 'invalid', hint, related } = options
    return new CorefileError(message, { code, span, hint, related })
  }
}

/**
 * All occurrences of one directive in a block; undefined if there are none. `zones` are the
 * block's, normalised; `order` are the names of all directives.
 */
export const directiveOf = (
  block: ServerBlock,
  name: string,
  zones: readonly string[],
  order?: readonly string[],
): Directive | undefined => {
  const tokens = block.directives.get(name)
  const occurrences = block.occurrences.get(name)
  if (tokens === undefined || occurrences === undefined) return undefined
  const blockKeys = block.keys.map(key => key.text)
  return new Directive({
    name,
    tokens,
    occurrences,
    file: block.file,
    blockZones: zones,
    blockKeys,
    order,
  })
}

export interface SetupStep {
  /** Index of the block in the Corefile. */
  readonly blockIndex: number
  readonly directive: Directive
}

/**
 * Yields the directives in the chain's `order`, and each for all blocks in file order. They are
 * made one by one as they are read.
 */
export function* directivesInSetupOrder(
  blocks: readonly InspectedBlock[],
  order: readonly string[] = DIRECTIVES,
): Generator<SetupStep> {
  for (const name of order) {
    for (const [blockIndex, { block, zones }] of blocks.entries()) {
      const directive = directiveOf(block, name, zones, order)
      if (directive !== undefined) yield { blockIndex, directive }
    }
  }
}
