// The layout of a Corefile: four spaces a level, one directive a line, braces where CoreDNS's own
// Corefiles have them. Words are kept byte for byte, and only words next to a brace may move to
// another line. Comments stay between the same words.
//
//   zone, {             the '{' of a server block stands at the end of the line with its last key
//       directive {     what follows a '{' begins a line, and so does a '}'
//           option
//       } word          a word behind the '}' of a directive is read as one of its own: it stays
//   }

import { CorefileError } from './diagnostics/diagnostic.ts'
import { UNCLOSED_HINT } from './diagnostics/hints.ts'
import { type Span, startsNewLine, type Token } from './diagnostics/span.ts'
import { isSpace, lex } from './parse/lexer.ts'

const INDENT = '    '

export interface FormatSource {
  readonly text: string
  /** Shown to people. */
  readonly name: string
  /** Longest result in UTF-16 units: deeply nested blocks are mostly indentation. */
  readonly limit: number
}

/** The comments and empty lines between two words. */
interface Gap {
  /** A comment on the line of the first one; '' for none. */
  readonly behind: string
  /** Comments on lines of their own; '' is an empty line. */
  readonly lines: readonly string[]
}

/** A word as it is written: with quotes, escapes, and a comment within it. */
interface Item {
  readonly token: Token
  readonly raw: string
  readonly before: Gap
}

const trimmed = (text: string): string => {
  let from = 0
  let to = text.length
  while (from < to && isSpace(text.charCodeAt(from))) from++
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

const readGap = (text: string): Gap => {
  const [behind = '', ...lines] = text.split('\n').map(trimmed)
  // The text behind the last line break is the indentation of the next word.
  return { behind, lines: lines.at(-1) === '' ? lines.slice(0, -1) : lines }
}

/** Where each line begins, as the lexer counts columns. */
const lineStarts = (text: string): number[] => {
  const starts = [text.startsWith('\ufeff') ? 1 : 0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/**
 * A token ends at a `#` in the word, but the word goes on behind it. Carriage returns do not end
 * it.
 */
const endOfWord = (text: string, from: number): number => {
  let end = from
  while (end < text.length && (text[end] === '\r' || !isSpace(text.charCodeAt(end)))) end++
  return end
}

const refusal = (name: string, span: Span, problem: string): CorefileError =>
  new CorefileError(`${name}:${span.line} - ${problem}`, { code: 'format', span })

const refusalAt = (
  { text, name }: FormatSource,
  offset: number,
  problem: string,
): CorefileError => {
  const starts = lineStarts(text)
  const line = starts.findLastIndex(start => start <= offset) + 1
  const column = offset - (starts[line - 1] ?? 0) + 1
  return refusal(name, { file: name, line, column, length: 1 }, problem)
}

/** The words, and the gap behind the last of them. */
const readItems = (source: FormatSource): { items: Item[]; after: Gap } => {
  const { text, name } = source
  const starts = lineStarts(text)
  let at = starts[0] ?? 0
  const items = lex({ text, name, file: '' }).map((token): Item => {
    const { line, column, length } = token.span
    if (token.isUnclosed) throw refusal(name, token.span, UNCLOSED_HINT)
    const start = (starts[line - 1] ?? 0) + column - 1
    const before = readGap(text.slice(at, start))
    const isQuoted = text[start] === '"'
    at = isQuoted ? start + length : endOfWord(text, start)
    const raw = text.slice(start, at)
    return { token, raw: isQuoted ? raw : raw.replaceAll('\r', ''), before }
  })
  const after = readGap(text.slice(at))
  // A quote at the very end of a text is neither a word nor a comment.
  if ([after.behind, ...after.lines].some(line => line.startsWith('"')))
    throw refusalAt(source, text.lastIndexOf('"'), UNCLOSED_HINT)
  return { items, after }
}

/**
 * The role of words outside of all braces. Keys end with their line, unless it ends in a comma. The
 * rest are the directives of the only block without braces, or words that an import or a variable
 * turns into something else.
 */
type Outside = 'start' | 'keys' | 'rest'

/** Reads words as the parser does, as far as their places depend on it. */
class Structure {
  /** The '{' that are open; whether of a server block or a snippet. */
  readonly open: { readonly token: Token; readonly isOuter: boolean }[] = []
  #outside: Outside = 'start'
  #last: Token | undefined
  #expectsKey = false
  /** The last word is a brace of a server block. */
  #isAtOuterBrace = false
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  /** Whether a word begins a line; in the text it does if `isFirst`. */
  breaksBefore({ token, before }: Item, isFirst: boolean): boolean {
    const last = this.#last?.text
    if (last === undefined || token.text === '}') return true
    if (isFirst) return token.text !== '{' || !this.#endsKeys(before)
    // In the middle of a line `import` is an ordinary word, except as the first word of a server
    // block.
    if (token.text === 'import') return last === '{' && this.#isAtOuterBrace
    return last === '{' || (last === '}' && this.#isAtOuterBrace)
  }

  /** Whether a '{' on a line of its own opens the block of the keys before it. */
  #endsKeys({ behind, lines }: Gap): boolean {
    const hasComment = behind !== '' || lines.some(line => line !== '')
    return this.open.length === 0 && this.#outside === 'keys' && !hasComment
  }

  /** Throws CorefileError for a '}' that closes nothing. */
  take(token: Token, isFirst: boolean): void {
    this.#isAtOuterBrace = false
    if (token.text === '{') this.#takeOpening(token)
    else if (token.text === '}') this.#takeClosing(token)
    else if (this.open.length === 0) this.#takeOutside(token, isFirst)
    this.#last = token
  }

  #takeOpening(token: Token): void {
    this.#isAtOuterBrace = this.open.length === 0 && this.#outside !== 'rest'
    this.open.push({ token, isOuter: this.#isAtOuterBrace })
  }

  #takeClosing(token: Token): void {
    const closed = this.open.pop()
    if (closed === undefined) throw refusal(this.#name, token.span, `this '}' closes nothing`)
    this.#isAtOuterBrace = closed.isOuter
    if (closed.isOuter) this.#outside = 'start'
  }

  #takeOutside(token: Token, isFirst: boolean): void {
    const isBody = this.#outside === 'keys' && isFirst && !this.#expectsKey
    if (this.#outside === 'rest' || isBody || (token.text === 'import' && isFirst))
      this.#outside = 'rest'
    else {
      this.#outside = 'keys'
      this.#expectsKey = token.text.endsWith(',')
    }
  }
}

/** The lines of the result. */
class Page {
  readonly #lines: string[] = []
  readonly #source: FormatSource
  #room: number

  constructor(source: FormatSource) {
    this.#source = source
    this.#room = source.limit
  }

  add(depth: number, text: string): void {
    const line = text === '' ? '' : INDENT.repeat(depth) + text
    this.#take(line.length + 1)
    this.#lines.push(line)
  }

  /** To the end of the last line. */
  append(text: string): void {
    this.#take(text.length + 1)
    this.#lines.push(`${this.#lines.pop()} ${text}`)
  }

  /** Empty lines: one of several, and none at the beginning or behind a '{'. */
  addGap(lines: readonly string[], depth: number, isBehindOpening: boolean): void {
    let mayBeEmpty = this.#lines.length > 0 && !isBehindOpening
    for (const line of lines) {
      if (line !== '' || mayBeEmpty) this.add(depth, line)
      mayBeEmpty = line !== ''
    }
  }

  /** None before a '}', or at the end. */
  dropEmptyLine(): void {
    if (this.#lines.at(-1) === '') this.#lines.pop()
  }

  get text(): string {
    const text = this.#lines.map(line => `${line}\n`).join('')
    // At the beginning of a text it would be taken for a byte order mark.
    return text.startsWith('\ufeff') ? `\ufeff${text}` : text
  }

  #take(length: number): void {
    this.#room -= length
    const { name, limit } = this.#source
    if (this.#room < 0)
      throw new CorefileError(`${name}: formatted, it is longer than ${limit} characters`, {
        code: 'limit',
      })
  }
}

/**
 * The same words in the usual layout. Formatting the result again changes nothing. Throws
 * CorefileError for a quote or a brace that is never closed, a '}' that closes nothing, bytes that
 * are no UTF-8, and a text that is too long.
 */
export const formatCorefile = (source: FormatSource): string => {
  const { text, name } = source
  const lost = text.indexOf('\ufffd')
  if (lost >= 0) throw refusalAt(source, lost, 'this is not UTF-8')
  const { items, after } = readItems(source)
  const page = new Page(source)
  const structure = new Structure(name)
  let previous: Token | undefined
  for (const item of items) {
    const { token, raw, before } = item
    const depth = structure.open.length
    const isFirst = startsNewLine(previous, token)
    const breaks = structure.breaksBefore(item, isFirst)
    structure.take(token, isFirst)
    if (before.behind !== '') addBehind(page, before.behind, previous)
    if (breaks) {
      page.addGap(before.lines, depth, previous?.text === '{')
      if (token.text === '}') page.dropEmptyLine()
      page.add(token.text === '}' ? depth - 1 : depth, raw)
    } else page.append(raw)
    previous = token
  }
  const unclosed = structure.open.at(-1)
  if (unclosed !== undefined) throw refusal(name, unclosed.token.span, `this '{' is never closed`)
  if (after.behind !== '') addBehind(page, after.behind, previous)
  page.addGap(after.lines, 0, false)
  page.dropEmptyLine()
  return page.text
}

/** A comment behind a word, or on the first line of the text. */
const addBehind = (page: Page, comment: string, previous: Token | undefined): void => {
  if (previous === undefined) page.add(0, comment)
  else page.append(comment)
}
