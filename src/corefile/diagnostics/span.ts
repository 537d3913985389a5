// The place of a token in a Corefile. Spans survive imports, snippets and environment substitution:
// they always show the source text.

export interface Span {
  /**
   * File name in errors: the value of -conf for the main file, the absolute path of an imported
   * one.
   */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units; a byte order mark is not counted. */
  readonly column: number
  /** UTF-16 units of source text, quotes included; it may run over several lines. */
  readonly length: number
}

export interface Token {
  /** After environment substitution, without quotes and escapes. */
  readonly text: string
  readonly span: Span
  /** Line on which the token starts, from 1. */
  readonly line: number
  /** '' for the main file, the absolute path of an imported one. */
  readonly file: string
  /** A quoted token without its closing quote: it goes on to the end of the file. */
  readonly isUnclosed?: true
}

/**
 * Line breaks inside a token (quoted, or from a variable). The next token is on the same logical
 * line if it is on the line of this one's end.
 */
export const lineBreaks = (token: Token): number => {
  let count = 0
  for (let at = token.text.indexOf('\n'); at >= 0; at = token.text.indexOf('\n', at + 1)) count++
  return count
}

/**
 * Whether `next` starts a new logical line after `previous`. Lines that go backwards (a snippet
 * defined above) do not.
 */
export const startsNewLine = (previous: Token | undefined, next: Token | undefined): boolean => {
  if (previous === undefined) return true
  if (next === undefined) return false
  return previous.file !== next.file || previous.line + lineBreaks(previous) < next.line
}
