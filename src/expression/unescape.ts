// Escapes in a quoted string of an expression: Go's, and `\u{1F600}`.

import { ExpressionError } from './expression-error.ts'

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
}

const ESCAPE =
  /\\(?:u\{([0-9a-fA-F]{1,6})\}|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([^xXuU0-9]))|\\/gsu

const HIGHEST_CODE_POINT = 0x10ffff

/** `offset` is where `written` begins in the expression, for the error. */
export const unescapeText = (written: string, offset: number): string =>
  written.replaceAll(ESCAPE, (_all, braced, hex2, hex4, hex8, octal, simple, index: number) => {
    const fail = (): never => {
      throw new ExpressionError('invalid char escape', offset + index + 1)
    }
    if (simple !== undefined) return SIMPLE[simple] ?? fail()
    const hex = braced ?? hex2 ?? hex4 ?? hex8
    const code = hex === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hex, 16)
    return code <= HIGHEST_CODE_POINT ? String.fromCodePoint(code) : fail()
  })
