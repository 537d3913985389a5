// What the lexer gives the parser.

export type TokenKind =
  | 'text'
  | 'left delimiter'
  | 'right delimiter'
  | 'space'
  | 'character'
  | 'number'
  | 'character constant'
  | 'string'
  | 'identifier'
  | 'keyword'
  | 'field'
  | 'variable'
  | 'dot'
  | 'bool'
  | 'nil'
  | '='
  | ':='
  | '|'
  | '('
  | ')'
  | 'end of text'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** UTF-16 units from the beginning of the template. */
  readonly offset: number
}

/** The keywords. `define` and `block` name templates that `template` calls. */
export const KEYWORDS: ReadonlySet<string> = new Set([
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'range',
  'template',
  'with',
])

/** A fault in the text of a template, with the words of Go's package. */
export class TemplateSyntaxError extends Error {
  /** UTF-16 units from the beginning of the template. */
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.name = 'TemplateSyntaxError'
    this.offset = offset
  }
}
