// Errors and warnings of a Corefile, and how they are shown. Messages are CoreDNS's full texts;
// places and hints are separate fields.

import type { Span } from './span.ts'

/** A second place that explains the error: the brace that is never closed, or the first of two. */
export interface Related {
  readonly text: string
  readonly span: Span
}

/** Help for an error at the second of two where only one is allowed. */
export const firstOne = (
  first: Span,
  second: Span,
): { readonly hint?: string; readonly related?: Related } =>
  first === second
    ? { hint: 'the same lines are imported twice' }
    : { related: { text: 'the first one stands here', span: first } }

export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  /** Stable, for tools: `unknown-directive`, `syntax`, … */
  readonly code: string
  readonly message: string
  readonly span?: Span
  readonly hint?: string
  readonly related?: Related
}

export interface CorefileErrorOptions {
  readonly code: string
  readonly span?: Span | undefined
  readonly hint?: string | undefined
  readonly related?: Related | undefined
  readonly others?: readonly CorefileError[] | undefined
  readonly isWhole?: boolean | undefined
}

/** The only error that parsing a Corefile throws. */
export class CorefileError extends Error {
  readonly code: string
  readonly span: Span | undefined
  /** `did you mean 'cache'?` or another sentence that helps. */
  readonly hint: string | undefined
  readonly related: Related | undefined
  /** Further errors of the same text, where all of them are known. */
  readonly others: readonly CorefileError[]
  /** Nothing is put in front of its text: some plugins of CoreDNS do not say their name. */
  readonly isWhole: boolean

  constructor(message: string, options: CorefileErrorOptions) {
    super(message)
    this.name = 'CorefileError'
    this.code = options.code
    this.span = options.span
    this.hint = options.hint
    this.related = options.related
    this.others = options.others ?? []
    this.isWhole = options.isWhole ?? false
  }

  /** The same error with text in front of its message, such as `plugin/cache: `. */
  prefixed(prefix: string): CorefileError {
    return this.isWhole ? this : new CorefileError(prefix + this.message, this)
  }

  /** The same error, that says nothing of its plugin. */
  whole(): CorefileError {
    return new CorefileError(this.message, { ...this, isWhole: true })
  }

  /** The same error with a hint, a place or a second place that it did not have. */
  explained(by: Pick<CorefileErrorOptions, 'span' | 'hint' | 'related'>): CorefileError {
    const { code, span = by.span, hint = by.hint, related = by.related } = this
    return new CorefileError(this.message, { ...this, code, span, hint, related })
  }

  /** The same error with this hint in place of its own. */
  hinted(hint: string): CorefileError {
    return new CorefileError(this.message, { ...this, hint })
  }

  /** The same error as the first of several. */
  beside(others: readonly CorefileError[]): CorefileError {
    return new CorefileError(this.message, { ...this, others })
  }

  toDiagnostic(): Diagnostic {
    return {
      severity: 'error',
      code: this.code,
      message: this.message,
      ...(this.span && { span: this.span }),
      ...(this.hint !== undefined && { hint: this.hint }),
      ...(this.related && { related: this.related }),
    }
  }
}

/**
 * The parts of `FILE:LINE - Error during parsing: text`; for a place before or behind all tokens,
 * LINE is 0.
 */
export const parsingError = (file: string, line: number, text: string): string =>
  `${file}:${line} - Error during parsing: ${text}`

const WIDTH = 120
const LEAD = 40
const MESSAGE_LENGTH = 500

/**
 * Removes characters that would move the caret, control the terminal, or change the direction of
 * the text. A tab is one column wide here.
 */
const printable = (text: string): string =>
  text.replaceAll('\t', ' ').replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, '\u00b7')

/** The part of a long line that shows the column, with `…` where it was cut. */
const excerpt = (line: string, column: number): { text: string; indent: number } => {
  if (line.length <= WIDTH) return { text: line, indent: column - 1 }
  const from = Math.max(0, Math.min(column - 1 - LEAD, line.length - WIDTH))
  const head = from > 0 ? '…' : ''
  const tail = from + WIDTH < line.length ? '…' : ''
  return {
    text: head + line.slice(from, from + WIDTH) + tail,
    indent: column - 1 - from + head.length,
  }
}

const sourceLine = (text: string, number: number): string | undefined => {
  let from = text.startsWith('\ufeff') ? 1 : 0
  for (let line = 1; line < number; line++) {
    const end = text.indexOf('\n', from)
    if (end < 0) return undefined
    from = end + 1
  }
  const end = text.indexOf('\n', from)
  return text.slice(from, end < 0 ? undefined : end).replace(/\r$/, '')
}

type Sources = ReadonlyMap<string, string>

const sourceLines = (span: Span, sources: Sources): string[] => {
  const source = sources.get(span.file)
  const line = source === undefined ? undefined : sourceLine(source, span.line)
  if (line === undefined) return []
  const { text, indent } = excerpt(line, span.column)
  const carets = Math.max(1, Math.min(span.length, text.length - indent))
  return [`    ${printable(text)}`, `    ${' '.repeat(indent)}${'^'.repeat(carets)}`]
}

/** The message without the place, which the heading shows already. */
const withoutPlace = (message: string, span: Span): string => {
  const place = `${span.file}:${span.line} - `
  return message.replace(`${place}Error during parsing: `, () => '').replace(place, () => '')
}

const heading = (span: Span, kind: string, text: string): string =>
  `${span.file}:${span.line}:${span.column}: ${kind}: ${text}`

/** Shortens a message: it may quote up to a whole file. */
const shortened = (text: string): string =>
  printable(text.length <= MESSAGE_LENGTH ? text : `${text.slice(0, MESSAGE_LENGTH)}…`)

/**
 * `file:line:column: error: text`, then the source line with carets under the token, then the hint,
 * then the second place. Without a span: the text alone. `sources` are whole texts by file name;
 * for a file that is missing there no line is shown.
 */
export const renderDiagnostic = (diagnostic: Diagnostic, sources: Sources): string => {
  const { severity, message, span, hint, related } = diagnostic
  const lines =
    span === undefined
      ? [`${severity}: ${shortened(message)}`]
      : [
          heading(span, severity, shortened(withoutPlace(message, span))),
          ...sourceLines(span, sources),
        ]
  if (hint !== undefined) lines.push(`    hint: ${hint}`)
  if (related !== undefined)
    lines.push(heading(related.span, 'note', related.text), ...sourceLines(related.span, sources))
  return lines.join('\n')
}
