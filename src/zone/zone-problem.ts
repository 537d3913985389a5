// An error in a zone file, and its place. Problems are values: a parser collects them, up to a
// limit, and its caller shows them.

export interface ZoneProblem {
  /** As the file was named to the parser; an included file by the path it was read from. */
  readonly file: string
  /** From 1; 0 for a problem of the whole file. */
  readonly line: number
  /**
   * From 1, in UTF-16 units; a byte order mark is not counted. 0 for a problem of the whole file.
   */
  readonly column: number
  /** A plain sentence without a full stop: `TTL 5x is not a number with units`. */
  readonly message: string
}

/** `file.db:12:9: TTL 5x is not a number with units`. */
export const problemText = ({ file, line, column, message }: ZoneProblem): string =>
  line === 0 ? `${file}: ${message}` : `${file}:${line}:${column}: ${message}`

const QUOTED_LENGTH = 60

/**
 * Text of a zone file for use in a message: short, and without characters that would change a
 * terminal or a log line.
 */
export const quoted = (text: string): string => {
  const short = text.length <= QUOTED_LENGTH ? text : `${text.slice(0, QUOTED_LENGTH)}…`
  return short.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, '\u00b7')
}
