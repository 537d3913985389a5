// Reads the options of a directive by its plugin, and collects all errors. Reading stops at the
// first error, so the directive is read again without the faulty part.

import type { ChangingZone } from '../../chain/invalidation-scopes.ts'
import { notPlainIn } from '../../chain/plugin/plain-data.ts'
import { type AnyPlugin, readOptions } from '../../chain/plugin/plugin.ts'
import { CorefileError, type Diagnostic } from '../../corefile/diagnostics/diagnostic.ts'
import type { Span, Token } from '../../corefile/diagnostics/span.ts'
import type { Directive } from '../../corefile/options/directive.ts'
import { changingZones, listenAddresses, suspicions } from './facts.ts'
import { pluginFault, thrownBy } from './plugin-fault.ts'

/** More findings of one kind in one directive than are useful to read. */
const LIMIT = 100

export interface LoadedDirective {
  readonly plugin: AnyPlugin
  /** The plugin's options: plain data. */
  readonly options: unknown
  /** Tokens of all its occurrences, to place failures that are found later. */
  readonly tokens: readonly Token[]
  /** The plugin's facts for these options. */
  readonly changing: readonly ChangingZone[]
  readonly listensOn: readonly string[] | undefined
}

export interface DirectiveReading {
  /** One; after an error one for each occurrence that could be read. */
  readonly loaded: readonly LoadedDirective[]
  /** The first is the one that is thrown for the whole directive. */
  readonly errors: readonly CorefileError[]
  readonly warnings: readonly Diagnostic[]
  /** Warnings of `check` alone. */
  readonly suspicions: readonly Diagnostic[]
}

export const readDirective = (plugin: AnyPlugin, directive: Directive): DirectiveReading => {
  const reader = new Reader(plugin)
  const whole = reader.read(directive)
  const isWhole = !(whole instanceof CorefileError)
  const loaded = isWhole
    ? [whole]
    : [...directive.each()].flatMap(one => reader.readPastErrors(one, whole.span))
  const suspicions = reader.suspicionsOf(directive)
  return { loaded, errors: reader.errors, warnings: reader.warnings, suspicions }
}

/** Whether findings at that place are reported. */
type Counts = (span: Span | undefined) => boolean

class Reader {
  readonly errors: CorefileError[] = []
  readonly warnings: Diagnostic[] = []
  readonly #plugin: AnyPlugin
  readonly #prefix: string

  constructor(plugin: AnyPlugin) {
    this.#plugin = plugin
    this.#prefix = `plugin/${plugin.name}: `
  }

  /**
   * The directive as read; or undefined after an error, which is added once if its place counts.
   */
  read(directive: Directive, counts: Counts = () => true): LoadedDirective | CorefileError {
    const read = this.#attempt(directive)
    if (read instanceof CorefileError) {
      const isNoted = this.errors.some(
        ({ span, message }) => span === read.span && message === read.message,
      )
      if (!isNoted && counts(read.span)) this.errors.push(read)
    }
    this.#noteWarnings(directive, counts)
    return read
  }

  suspicionsOf(directive: Directive): readonly Diagnostic[] {
    const { name, facts } = this.#plugin
    try {
      return suspicions(facts?.suspicions?.(directive))
    } catch (error) {
      this.errors.push(thrownBy(name, directive.tokens, `its fact 'suspicions' fails`, error))
      return []
    }
  }

  #attempt(directive: Directive): LoadedDirective | CorefileError {
    const { name, facts } = this.#plugin
    const { tokens } = directive
    let doing = 'its options cannot be read'
    try {
      const options = readOptions(this.#plugin, directive)
      const strange = notPlainIn(options)
      if (strange !== undefined)
        return pluginFault(name, tokens, `its options are not plain data: ${strange}`)
      doing = `its fact 'changing' fails`
      const changing = changingZones(facts?.changing?.(options))
      doing = `its fact 'listensOn' fails`
      const listensOn = listenAddresses(facts?.listensOn?.(options))
      return { plugin: this.#plugin, options, tokens, changing, listensOn }
    } catch (thrown) {
      return thrown instanceof CorefileError
        ? thrown.prefixed(this.#prefix)
        : thrownBy(name, tokens, doing, thrown)
    }
  }

  /**
   * Reads one occurrence repeatedly, each time without the faulty part: a line of its block, or an
   * argument before it. Further errors are reported only within the block: an error about the
   * occurrence as a whole may be caused by the part that was left out.
   */
  readPastErrors(one: Directive, first: Span | undefined): LoadedDirective[] {
    let rest = one
    let areArgumentsRight = true
    let read = this.read(rest, span => span !== first)
    while (read instanceof CorefileError) {
      const { span, related } = read
      // A brace is missing: the following words are not the plugin's.
      if (span === undefined || related !== undefined) return []
      const shorter = rest.withoutLine(span)
      const next = shorter ?? this.#withoutArgument(rest, span)
      if (next === undefined || this.errors.length >= LIMIT) return []
      if (shorter === undefined) areArgumentsRight = false
      rest = next
      read = this.read(next, place => place !== undefined && next.withoutLine(place) !== undefined)
    }
    // Options that were read with replaced arguments must not be checked against the machine.
    return areArgumentsRight ? [read] : []
  }

  /**
   * Without the argument, or with the root in its place where the plugin then gets as far as its
   * block.
   */
  #withoutArgument(rest: Directive, place: Span): Directive | undefined {
    if (this.#plugin.hasOptionsByArgument) return undefined
    const words =
      [[], ['.']].find(instead => this.#reachesBlock(rest.withArgument(place, ...instead))) ?? []
    return rest.withArgument(place, ...words)
  }

  #reachesBlock(directive: Directive | undefined): boolean {
    if (directive === undefined) return false
    const read = this.#attempt(directive)
    return (
      !(read instanceof CorefileError) ||
      (read.span !== undefined && directive.withoutLine(read.span) !== undefined)
    )
  }

  /** Repeated reading repeats warnings: adds each once. */
  #noteWarnings({ warnings }: Directive, counts: Counts): void {
    for (const { message, ...warning } of warnings) {
      if (this.warnings.length >= LIMIT) return
      const text = this.#prefix + message
      if (
        !counts(warning.span) ||
        this.warnings.some(noted => noted.message === text && noted.span === warning.span)
      )
        continue
      this.warnings.push({ ...warning, message: text })
    }
  }
}
