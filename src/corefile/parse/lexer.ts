// Corefile text to tokens, with the rules and quirks of caddy's caddyfile/lexer.go. It does not
// interpret directives or variables.

import { CorefileError, parsingError } from '../diagnostics/diagnostic.ts'
import type { Token } from '../diagnostics/span.ts'

/** Tokens of one parse, imports included: a bound on memory, far above any real Corefile. */
export const TOKEN_LIMIT = 1 << 20

export interface LexSource {
  readonly text: string
  /** File name in errors. */
  readonly name: string
  /** Token.file: '' for the main file. */
  readonly file: string
}

/** White space as defined by Go's unicode.IsSpace. */
export const isSpace = (unit: number): boolean =>
  (unit >= 0x09 && unit <= 0x0d) ||
  unit === 0x20 ||
  unit === 0x85 ||
  unit === 0xa0 ||
  unit === 0x1680 ||
  (unit >= 0x2000 && unit <= 0x200a) ||
  unit === 0x2028 ||
  unit === 0x2029 ||
  unit === 0x202f ||
  unit === 0x205f ||
  unit === 0x3000

const LF = 0x0a
const CR = 0x0d
const QUOTE = 0x22
const HASH = 0x23
const BACKSLASH = 0x5c

class Lexer {
  readonly tokens: Token[] = []
  readonly #source: LexSource
  readonly #text: string
  #at = 0
  #line = 1
  #lineStart = 0

  constructor(source: LexSource) {
    this.#source = source
    this.#text = source.text
    if (source.text.startsWith('\ufeff')) {
      this.#at = 1
      this.#lineStart = 1
    }
  }

  run(): void {
    while (this.#skipBlank()) {
      if (this.#text.charCodeAt(this.#at) === QUOTE) this.#quoted()
      else this.#word()
    }
  }

  #add(
    text: string,
    start: number,
    length: number,
    line: number,
    lineStart: number,
    isClosed = true,
  ): void {
    const { name, file } = this.#source
    const span = { file: name, line, column: start - lineStart + 1, length }
    if (this.tokens.length === TOKEN_LIMIT) {
      const message = parsingError(name, line, `more than ${TOKEN_LIMIT} words`)
      throw new CorefileError(message, { code: 'limit', span })
    }
    this.tokens.push({ text, span, line, file, ...(!isClosed && { isUnclosed: true }) })
  }

  #newLine(): void {
    this.#line++
    this.#lineStart = this.#at + 1
  }

  /** Skips white space and comments before a token; false at the end of the text. */
  #skipBlank(): boolean {
    let comment = false
    for (; this.#at < this.#text.length; this.#at++) {
      const unit = this.#text.charCodeAt(this.#at)
      if (unit === LF) {
        this.#newLine()
        comment = false
      } else if (unit === HASH) comment = true
      else if (!comment && !isSpace(unit)) return true
    }
    return false
  }

  /**
   * A word. Carriage returns vanish from it; a `#` in it swallows the rest of the word, but not of
   * the line.
   */
  #word(): void {
    const start = this.#at
    let end = -1
    for (; this.#at < this.#text.length; this.#at++) {
      const unit = this.#text.charCodeAt(this.#at)
      if (unit === HASH && end < 0) end = this.#at
      else if (unit !== CR && isSpace(unit)) break
    }
    const raw = this.#text.slice(start, end < 0 ? this.#at : end)
    this.#add(
      raw.includes('\r') ? raw.replaceAll('\r', '') : raw,
      start,
      raw.replace(/\r+$/, '').length,
      this.#line,
      this.#lineStart,
    )
  }

  /**
   * A quoted token: ends at the closing quote, or silently at the end of the text if it is not
   * empty. Only `\"` is an escape.
   */
  #quoted(): void {
    const start = this.#at
    const line = this.#line
    const lineStart = this.#lineStart
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const unit = this.#text.charCodeAt(this.#at)
      if (unit === QUOTE) break
      if (unit === BACKSLASH) this.#at++
      if (this.#text.charCodeAt(this.#at) === LF) this.#newLine()
    }
    const isClosed = this.#at < this.#text.length
    this.#at = Math.min(this.#at, this.#text.length)
    const raw = this.#text.slice(start + 1, this.#at)
    const text = raw.replace(/\\([\s\S]?)/g, (pair, next: string) =>
      next === '"' || next === '' ? next : pair,
    )
    if (isClosed) this.#at++
    if (isClosed || text !== '') this.#add(text, start, this.#at - start, line, lineStart, isClosed)
  }
}

/** All tokens of one text. Throws CorefileError only when there are more than TOKEN_LIMIT. */
export const lex = (source: LexSource): Token[] => {
  const lexer = new Lexer(source)
  lexer.run()
  return lexer.tokens
}
