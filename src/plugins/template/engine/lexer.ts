// Text of a template to tokens, as Go's text/template/parse does: what stands between `{{` and `}}`
// is an action, in which blanks are tokens; all else is text. `{{- ` and ` -}}` trim the text next
// to them.

import { KEYWORDS, TemplateSyntaxError, type Token, type TokenKind } from './tokens.ts'

const LEFT = '{{'
const RIGHT = '}}'
const COMMENT_START = '/*'
const COMMENT_END = '*/'
/** The length of a blank and a minus. */
const MARKER_LENGTH = 2

const SPACE = /[ \t\r\n]/
const WORD = /[\p{L}\p{Nd}_]/u
const PRINTABLE_ASCII = /[ -~]/
/** Digits of each base, with the underscores of Go 1.13. */
const NUMBER =
  /[+-]?(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?/y

const isSpace = (char: string | undefined): boolean => char !== undefined && SPACE.test(char)
const isWord = (char: string | undefined): boolean => char !== undefined && WORD.test(char)

const SINGLE: ReadonlyMap<string, TokenKind> = new Map([
  ['=', '='],
  ['|', '|'],
])

export class Lexer {
  readonly #text: string
  #at = 0
  #parens = 0
  #isInside = false

  constructor(text: string) {
    this.#text = text
  }

  /**
   * The next token. After the end of the text it is always the end token. Throws
   * TemplateSyntaxError.
   */
  next(): Token {
    return this.#isInside ? this.#inside() : this.#outside()
  }

  #error(message: string, offset = this.#at): TemplateSyntaxError {
    return new TemplateSyntaxError(message, offset)
  }

  #token(kind: TokenKind, start: number): Token {
    return { kind, text: this.#text.slice(start, this.#at), offset: start }
  }

  /** The character at the cursor, with both units if UTF-16 has two for it. */
  #char(): string | undefined {
    const code = this.#text.codePointAt(this.#at)
    return code === undefined ? undefined : String.fromCodePoint(code)
  }

  #outside(): Token {
    for (;;) {
      const start = this.#at
      const delimiter = this.#text.indexOf(LEFT, start)
      const end = delimiter < 0 ? this.#text.length : delimiter
      this.#at = end
      if (end > start) {
        const text = this.#text.slice(start, end)
        const kept = this.#isTrimmedFrom(end) ? text.replace(/[ \t\r\n]+$/, '') : text
        if (kept !== '') return { kind: 'text', text: kept, offset: start }
      }
      if (delimiter < 0) return this.#token('end of text', end)
      const token = this.#leftDelimiter()
      if (token !== undefined) return token
    }
  }

  /** Whether the delimiter is `{{- `. */
  #isTrimmedFrom(delimiter: number): boolean {
    const marker = delimiter + LEFT.length
    return (
      this.#text.startsWith(LEFT, delimiter) &&
      this.#text[marker] === '-' &&
      isSpace(this.#text[marker + 1])
    )
  }

  /** The left delimiter. Undefined if it began a comment; the cursor is then behind the comment. */
  #leftDelimiter(): Token | undefined {
    const start = this.#at
    const inside = start + LEFT.length + (this.#isTrimmedFrom(start) ? MARKER_LENGTH : 0)
    this.#at = start + LEFT.length
    if (this.#text.startsWith(COMMENT_START, inside)) return this.#comment(inside)
    const token = this.#token('left delimiter', start)
    this.#at = inside
    this.#isInside = true
    this.#parens = 0
    return token
  }

  #comment(start: number): undefined {
    const end = this.#text.indexOf(COMMENT_END, start + COMMENT_START.length)
    if (end < 0) throw this.#error('unclosed comment', start)
    this.#at = end + COMMENT_END.length
    const length = this.#rightDelimiterLength()
    if (length === 0) throw this.#error('comment ends before closing delimiter', start)
    this.#leave(length)
  }

  /** The length of `}}` or ` -}}` at the cursor. 0 if neither is there. */
  #rightDelimiterLength(at = this.#at): number {
    if (this.#text.startsWith(RIGHT, at)) return RIGHT.length
    const isMarked = isSpace(this.#text[at]) && this.#text[at + 1] === '-'
    return isMarked && this.#text.startsWith(RIGHT, at + MARKER_LENGTH)
      ? MARKER_LENGTH + RIGHT.length
      : 0
  }

  /** Moves behind a right delimiter and the blanks that it trims. */
  #leave(length: number): void {
    this.#at += length
    if (length > RIGHT.length) while (isSpace(this.#text[this.#at])) this.#at++
    this.#isInside = false
  }

  #inside(): Token {
    const length = this.#rightDelimiterLength()
    if (length > 0) {
      if (this.#parens > 0) throw this.#error('unclosed left paren')
      const token: Token = { kind: 'right delimiter', text: RIGHT, offset: this.#at }
      this.#leave(length)
      return token
    }
    const start = this.#at
    const char = this.#char()
    if (char === undefined) throw this.#error('unclosed action')
    if (isSpace(char)) return this.#space()
    if (this.#startsNumber(char)) return this.#number()
    if (isWord(char)) return this.#identifier()
    this.#at += char.length
    const single = SINGLE.get(char)
    if (single !== undefined) return this.#token(single, start)
    return this.#sign(char, start)
  }

  #startsNumber(char: string): boolean {
    if (char === '.') return /\d/.test(this.#text[this.#at + 1] ?? '')
    return /[+\-0-9]/.test(char)
  }

  #sign(char: string, start: number): Token {
    switch (char) {
      case ':':
        if (this.#text[this.#at] !== '=') throw this.#error('expected :=', start)
        this.#at++
        return this.#token(':=', start)
      case '"':
        return this.#quoted('"', 'string', 'unterminated quoted string', start)
      case "'":
        return this.#quoted("'", 'character constant', 'unterminated character constant', start)
      case '`':
        return this.#raw(start)
      case '$':
        return this.#name('variable', 'variable', start)
      case '.':
        return this.#name('field', 'dot', start)
      case '(':
        this.#parens++
        return this.#token('(', start)
      case ')':
        if (--this.#parens < 0) throw this.#error('unexpected right paren', start)
        return this.#token(')', start)
    }
    if (PRINTABLE_ASCII.test(char)) return this.#token('character', start)
    throw this.#error(`unrecognized character in action: ${unicode(char)}`, start)
  }

  /** A token of blanks, without the blank that belongs to a trim marker. */
  #space(): Token {
    const start = this.#at
    while (isSpace(this.#text[this.#at]) && this.#rightDelimiterLength() === 0) this.#at++
    return this.#token('space', start)
  }

  #number(): Token {
    const start = this.#at
    NUMBER.lastIndex = start
    this.#at = start + (NUMBER.exec(this.#text)?.[0].length ?? 0)
    const token = this.#token('number', start)
    if (!isWord(this.#char())) return token
    throw this.#error(`bad number syntax: "${token.text}${this.#char()}"`, start)
  }

  #identifier(): Token {
    const start = this.#at
    this.#skipWord()
    this.#checkTerminator()
    const token = this.#token('identifier', start)
    if (KEYWORDS.has(token.text)) return { ...token, kind: 'keyword' }
    if (token.text === 'true' || token.text === 'false') return { ...token, kind: 'bool' }
    return token.text === 'nil' ? { ...token, kind: 'nil' } : token
  }

  /** A token `.NAME` or `$NAME`, or the first character if no name follows. */
  #name(kind: TokenKind, alone: TokenKind, start: number): Token {
    if (this.#isAtTerminator()) return this.#token(alone, start)
    this.#skipWord()
    this.#checkTerminator()
    return this.#token(kind, start)
  }

  #skipWord(): void {
    for (let char = this.#char(); isWord(char); char = this.#char()) this.#at += char!.length
  }

  #checkTerminator(): void {
    if (!this.#isAtTerminator()) throw this.#error(`bad character ${unicode(this.#char()!)}`)
  }

  #isAtTerminator(): boolean {
    const char = this.#text[this.#at]
    if (char === undefined || isSpace(char) || '.,|:()'.includes(char)) return true
    return this.#text.startsWith(RIGHT, this.#at)
  }

  #quoted(quote: string, kind: TokenKind, unterminated: string, start: number): Token {
    for (;;) {
      const char = this.#text[this.#at++]
      if (char === '\\' && this.#text[this.#at] !== '\n' && this.#at < this.#text.length) this.#at++
      else if (char === undefined || char === '\n' || char === '\\')
        throw this.#error(unterminated, start)
      else if (char === quote) return this.#token(kind, start)
    }
  }

  #raw(start: number): Token {
    const end = this.#text.indexOf('`', this.#at)
    if (end < 0) throw this.#error('unterminated raw quoted string', start)
    this.#at = end + 1
    return this.#token('string', start)
  }
}

/** Go's %#U: `U+0021 '!'`. */
const unicode = (char: string): string => {
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(char) ? `U+${code} '${char}'` : `U+${code}`
}
