// The text of an expression -> tokens, one at a time: what comes behind a fault is not looked at.

import { ExpressionError } from './expression-error.ts'
import { unescapeText } from './unescape.ts'

export type TokenKind = 'Identifier' | 'Number' | 'String' | 'Operator' | 'Bracket' | 'EOF'

export interface Token {
  readonly kind: TokenKind
  readonly value: string
  readonly offset: number
}

const SPACE = /\s/u
const LETTER = /[\p{L}_$]/u
const LETTER_OR_DIGIT = /[\p{L}\p{Nd}_$]/u

/** Words that are no names. */
export const WORD_OPERATORS: ReadonlySet<string> = new Set([
  'not',
  'in',
  'or',
  'and',
  'matches',
  'contains',
  'startsWith',
  'endsWith',
  'let',
  'if',
  'else',
])

/** Characters that begin an operator, and those that may follow each. */
const OPERATORS: Readonly<Record<string, string>> = {
  '?': '.?',
  '|': '|',
  ':': ':',
  '.': '.',
  '#': '#',
  '&': '&=*',
  '!': '&=*',
  '=': '&=*',
  '*': '&=*',
  '<': '&=*',
  '>': '&=*',
  ',': '',
  ';': '',
  '%': '',
  '+': '',
  '-': '',
  '^': '',
  '/': '',
}

export class Lexer {
  readonly #text: string
  #at = 0
  /** An identifier may follow without a space: `#acc`. */
  #isBehindPointer = false

  constructor(text: string) {
    this.#text = text
  }

  next(): Token {
    if (this.#isBehindPointer) {
      this.#isBehindPointer = false
      const start = this.#at
      if (this.#skipWord()) return this.#token('Identifier', start)
    }
    this.#skipBlanks()
    const start = this.#at
    const character = this.#character()
    // CoreDNS shows the end as the last character.
    if (character === '') return { kind: 'EOF', value: '', offset: Math.max(0, start - 1) }
    if (character === "'" || character === '"') return this.#quoted(character)
    if (character === '`') return this.#raw()
    if (/[0-9]/.test(character) || /^\.[0-9]/.test(this.#text.slice(start, start + 2)))
      return this.#number()
    if (/^[bB]['"]/.test(this.#text.slice(start, start + 2)))
      throw new ExpressionError('bytes literals are not supported', start)
    if ('([{)]}'.includes(character)) return this.#taken('Bracket', 1)
    const following = OPERATORS[character]
    if (following !== undefined) return this.#operator(character, following)
    if (!this.#skipWord()) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      throw new ExpressionError(`unrecognized character: U+${code} '${character}'`, start)
    }
    const word = this.#text.slice(start, this.#at)
    return this.#token(WORD_OPERATORS.has(word) ? 'Operator' : 'Identifier', start)
  }

  #character(): string {
    const code = this.#text.codePointAt(this.#at)
    return code === undefined ? '' : String.fromCodePoint(code)
  }

  #token(kind: TokenKind, start: number): Token {
    return { kind, value: this.#text.slice(start, this.#at), offset: start }
  }

  #taken(kind: TokenKind, length: number): Token {
    this.#at += length
    return this.#token(kind, this.#at - length)
  }

  #operator(character: string, following: string): Token {
    const next = this.#text[this.#at + 1] ?? ''
    this.#isBehindPointer = character === '#'
    return this.#taken('Operator', next !== '' && following.includes(next) ? 2 : 1)
  }

  /** Whether there was one. */
  #skipWord(): boolean {
    const start = this.#at
    for (;;) {
      const character = this.#character()
      if (!LETTER_OR_DIGIT.test(character)) return this.#at > start
      this.#at += character.length
    }
  }

  #skipBlanks(): void {
    for (;;) {
      while (SPACE.test(this.#text[this.#at] ?? '')) this.#at++
      if (this.#text.startsWith('//', this.#at)) {
        const end = this.#text.indexOf('\n', this.#at)
        this.#at = end < 0 ? this.#text.length : end
      } else if (this.#text.startsWith('/*', this.#at)) {
        const end = this.#text.indexOf('*/', this.#at + 2)
        if (end < 0) throw new ExpressionError('unclosed comment', this.#text.length)
        this.#at = end + 2
      } else return
    }
  }

  #number(): Token {
    const rest = this.#text.slice(this.#at)
    // A dot before another one belongs to a range: `1..3`.
    const pattern =
      /^(0[xX][0-9a-fA-F_]*|0[oO][0-7_]*|0[bB][01_]*|[0-9_]*(\.(?!\.)[0-9_]*)?([eE][+-]?[0-9_]*)?)/
    const length = pattern.exec(rest)?.[0].length ?? 0
    const end = this.#at + length
    if (LETTER_OR_DIGIT.test(this.#text[end] ?? '')) {
      const word = this.#text.slice(this.#at, end + 1)
      throw new ExpressionError(`bad number syntax: ${JSON.stringify(word)}`, end)
    }
    return this.#taken('Number', length)
  }

  #quoted(quote: string): Token {
    const start = this.#at++
    for (;;) {
      const character = this.#text[this.#at]
      if (character === undefined || character === '\n')
        throw new ExpressionError('literal not terminated', this.#at)
      this.#at += character === '\\' ? 2 : 1
      if (character === quote) break
    }
    const written = this.#text.slice(start + 1, this.#at - 1)
    return { kind: 'String', value: unescapeText(written, start + 1), offset: start }
  }

  /** Between backquotes; two of them stand for one. */
  #raw(): Token {
    const start = this.#at
    const match = /^`((?:[^`]|``)*)`/.exec(this.#text.slice(start))
    if (match === null) throw new ExpressionError('literal not terminated', this.#text.length)
    this.#at += match[0].length
    return { kind: 'String', value: (match[1] ?? '').replaceAll('``', '`'), offset: start }
  }
}

/** Whether a word may be the name of a field or a variable. */
export const isIdentifier = (word: string): boolean => {
  const characters = [...word]
  return LETTER.test(characters[0] ?? '') && characters.every(c => LETTER_OR_DIGIT.test(c))
}
