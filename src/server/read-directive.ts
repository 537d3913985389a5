// What a plugin makes of its directive, and all that it finds wrong with it: parse stops at the first error, so it is asked again without what
// was wrong.

import { messageOf } from '../core/errors.ts'
import type { AnyPlugin } from '../core/plugin.ts'
import { CorefileError, type Diagnostic } from '../corefile/diagnostic.ts'
import type { Directive } from '../corefile/directive.ts'
import type { Span, Token } from '../corefile/span.ts'

/** More findings of one kind in one directive than anybody reads. */
const LIMIT = 100

export interface LoadedDirective {
  readonly plugin: AnyPlugin
  /** What the plugin's parse gave: plain data. */
  readonly options: unknown
  /** Of all its occurrences: where a failure that comes later belongs. */
  readonly tokens: readonly Token[]
}

export interface DirectiveReading {
  /** One, or after an error one for each occurrence that could be read. */
  readonly loaded: readonly LoadedDirective[]
  /** The first is the one that parse throws for the whole directive. */
  readonly errors: readonly CorefileError[]
  readonly warnings: readonly Diagnostic[]
}

export const readDirective = (plugin: AnyPlugin, directive: Directive): DirectiveReading => {
  const reader = new Reader(plugin)
  const whole = reader.read(directive)
  const isWhole = !(whole instanceof CorefileError)
  const loaded = isWhole ? [whole] : [...directive.each()].flatMap(one => reader.readPastErrors(one, whole.span))
  return { loaded, errors: reader.errors, warnings: reader.warnings }
}

class Reader {
  readonly errors: CorefileError[] = []
  readonly warnings: Diagnostic[] = []
  readonly #plugin: AnyPlugin
  readonly #prefix: string

  constructor(plugin: AnyPlugin) {
    this.#plugin = plugin
    this.#prefix = `plugin/${plugin.name}: `
  }

  /** What was read, or the error, which is noted once. */
  read(directive: Directive, isExpected: (error: CorefileError) => boolean = () => true): LoadedDirective | CorefileError {
    try {
      return { plugin: this.#plugin, options: this.#plugin.parse(directive), tokens: directive.tokens }
    } catch (thrown) {
      const error = asCorefileError(thrown).prefixed(this.#prefix)
      const isNoted = this.errors.some(({ span, message }) => span === error.span && message === error.message)
      if (!isNoted && isExpected(error)) this.errors.push(error)
      return error
    } finally {
      this.#noteWarnings(directive)
    }
  }

  /**
   * Reads one occurrence again and again, each time without the line of its block that is wrong. A further error counts only at such a line:
   * what the plugin says of the block as a whole may be due to the line that was left out.
   */
  readPastErrors(one: Directive, first: Span | undefined): LoadedDirective[] {
    let rest: Directive | undefined = one
    let read = this.read(rest, ({ span }) => span !== first)
    while (read instanceof CorefileError) {
      const { span, related } = read
      rest = span && rest.withoutLine(span)
      // A brace is missing: what follows is not the plugin's.
      if (related !== undefined) return []
      if (rest === undefined || this.errors.length >= LIMIT) return []
      const remaining: Directive = rest
      read = this.read(rest, later => later.span !== undefined && remaining.withoutLine(later.span) !== undefined)
    }
    return [read]
  }

  /** What is read twice warns twice. */
  #noteWarnings({ warnings }: Directive): void {
    for (const { message, ...warning } of warnings) {
      if (this.warnings.length >= LIMIT) return
      const text = this.#prefix + message
      if (this.warnings.some(noted => noted.message === text && noted.span === warning.span)) continue
      this.warnings.push({ ...warning, message: text })
    }
  }
}

const asCorefileError = (error: unknown): CorefileError =>
  error instanceof CorefileError ? error : new CorefileError(messageOf(error), { code: 'invalid' })
