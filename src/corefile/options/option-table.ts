// The arguments and options of a directive, as data. Parsing, "did you mean", `shardns help` and
// the comparison with docs/compatibility.md all use the same table. It has a row for each field of
// a plugin's options.

import type { CorefileError } from '../diagnostics/diagnostic.ts'
import type { Directive } from './directive.ts'
import { argErr, type Line, type OptionFacts, type Row } from './option-rows.ts'
import { Argument, type Draft } from './values.ts'

export interface OptionTable<Options> {
  /** Entries of the manual, in order. */
  readonly facts: readonly OptionFacts[]
  /**
   * Reads the options from all occurrences of the directive in a server block. Pure: no I/O, no
   * clock, no environment. Throws CorefileError.
   */
  parse(directive: Directive): Options
}

export type Rows<Read> = { readonly [Key in keyof Read]-?: Row<Read[Key]> }

export interface TableSpec<Read> {
  readonly rows: Rows<Read>
  /** Options that set no field. */
  readonly others?: readonly Row<undefined>[]
  /**
   * Reads a line of the block that begins with none of the `known` names. Returns the error for it,
   * or undefined if the line has been read.
   */
  readonly otherLine?: (
    directive: Directive,
    known: readonly string[],
    draft: Draft<Read>,
  ) => CorefileError | undefined
  /** Makes the error for too many arguments. */
  readonly wrongCount?: (directive: Directive) => CorefileError
}

const unknownProperty = (directive: Directive, known: readonly string[]): CorefileError =>
  directive.unknownOption(`unknown property '${directive.val()}'`, known)

const nextArguments = (directive: Directive, most: number): Argument[] => {
  const found: Argument[] = []
  while (found.length < most && directive.nextArg())
    found.push(new Argument(directive, directive.token))
  return found
}

const remainingArguments = (directive: Directive): Argument[] =>
  directive.remainingTokens().map(token => new Argument(directive, token))

/** The words of the line that belong to the option. */
const takeWords = (line: Line, directive: Directive): Argument[] => {
  const { least = 0, most = Number.POSITIVE_INFINITY, surplus, wrongCount = argErr } = line
  const isStepwise = surplus === 'next-line' || surplus === 'refused-first'
  const found = isStepwise ? nextArguments(directive, most) : remainingArguments(directive)
  const isTooMany =
    surplus === 'refused-first' ? directive.nextArg() : surplus === undefined && found.length > most
  if (isTooMany || found.length < least) throw wrongCount(directive, found)
  return found
}

/** A row with its field. */
interface BoundRow<Read> {
  readonly facts: OptionFacts | undefined
  readonly line: Line
  start(directive: Directive, draft: Draft<Read>): void
  read(words: Argument[], directive: Directive, draft: Draft<Read>): void
}

const bind = <Read, Key extends keyof Read>(rows: Rows<Read>, key: Key): BoundRow<Read> => {
  const row = rows[key]
  return {
    facts: row.facts,
    line: row.line,
    start(directive, draft) {
      draft[key] = row.start(directive)
    },
    read(words, directive, draft) {
      draft[key] = row.read(words, draft[key], directive)
    },
  }
}

const assertDistinct = (facts: readonly OptionFacts[]): void => {
  const names = new Set<string>()
  for (const { name } of facts) {
    if (names.has(name)) throw new Error(`the table has two rows named ${name}`)
    names.add(name)
  }
}

/**
 * Reads the parts of a directive by the rows of a table, for plugins that combine the parts in
 * their own way.
 */
export class OptionReader<Read> {
  readonly facts: readonly OptionFacts[]
  readonly #spec: TableSpec<Read>
  readonly #fields: readonly BoundRow<Read>[]
  readonly #arguments: readonly BoundRow<Read>[]
  readonly #mostArguments: number
  readonly #options: ReadonlyMap<string, Pick<BoundRow<Read>, 'line' | 'read'>>
  /** Names of options, for "did you mean". */
  readonly #known: readonly string[]
  readonly #hasBlock: boolean

  constructor(spec: TableSpec<Read>) {
    const { rows, others = [] } = spec
    this.#spec = spec
    this.#fields = (Object.keys(rows) as (keyof Read)[]).map(key => bind(rows, key))
    this.facts = [...this.#fields, ...others].flatMap(({ facts }) => facts ?? [])
    assertDistinct(this.facts)
    this.#hasBlock = this.facts.some(({ place }) => place !== 'argument')
    this.#arguments = this.#fields.filter(({ facts }) => facts?.place === 'argument')
    this.#mostArguments = this.#arguments.reduce(
      (sum, { line: { most = Number.POSITIVE_INFINITY } }) => sum + most,
      0,
    )
    const options = new Map<string, Pick<BoundRow<Read>, 'line' | 'read'>>()
    for (const row of this.#fields)
      if (row.facts?.place === 'option') options.set(row.facts.name, row)
    for (const { facts, line, read } of others)
      if (facts !== undefined)
        options.set(facts.name, {
          line,
          read: (found, directive) => read(found, undefined, directive),
        })
    this.#options = options
    this.#known = this.facts
      .filter(({ place, support }) => place === 'option' && support === 'yes')
      .map(({ name }) => name)
  }

  /** The options with all fields at their defaults. */
  start(directive: Directive): Draft<Read> {
    const draft = {} as Draft<Read>
    for (const field of this.#fields) field.start(directive, draft)
    return draft
  }

  /** Reads the rest of the directive's line into the draft. */
  readArguments(directive: Directive, draft: Draft<Read>): void {
    const { wrongCount = argErr } = this.#spec
    if (this.#arguments.length === 0 && !this.#hasBlock) {
      // These plugins of CoreDNS do not advance further, so the `{` of a block counts as an
      // argument, too.
      if (directive.nextArg()) throw wrongCount(directive)
      return
    }
    const left = remainingArguments(directive)
    if (left.length > this.#mostArguments) throw wrongCount(directive)
    for (const row of this.#arguments) row.read(left, directive, draft)
    if (left.length > 0) throw wrongCount(directive)
  }

  /** Reads the block into the draft, if there is one; returns the number of its lines. */
  readBlock(directive: Directive, draft: Draft<Read>): number {
    let lines = 0
    for (; directive.nextBlock(); lines++) {
      if (!this.#hasBlock) throw argErr(directive)
      const row = this.#options.get(directive.val())
      if (row !== undefined) row.read(takeWords(row.line, directive), directive, draft)
      else this.#readOther(directive, draft)
    }
    return lines
  }

  #readOther(directive: Directive, draft: Draft<Read>): void {
    const { otherLine = unknownProperty } = this.#spec
    const error = otherLine(directive, this.#known, draft)
    if (error !== undefined) throw error
  }

  /** Reads one occurrence of the directive, whose name is the current token. */
  readOccurrence(directive: Directive): Read {
    const draft = this.start(directive)
    this.readArguments(directive, draft)
    this.readBlock(directive, draft)
    return draft
  }
}

/**
 * How a directive may be repeated in a server block. `once`: a second one is an error. `last`: each
 * is read, and the last one is used. `first`: only the line of the first one is read. `added`: each
 * adds to the earlier ones.
 */
export type Repetition = 'once' | 'last' | 'first' | 'added'

const readers: Readonly<
  Record<Repetition, <Read>(reader: OptionReader<Read>, directive: Directive) => Read>
> = {
  once(reader, directive) {
    directive.once()
    directive.next()
    return reader.readOccurrence(directive)
  },
  last(reader, directive) {
    let read = reader.start(directive)
    while (directive.next()) read = reader.readOccurrence(directive)
    return read
  },
  first(reader, directive) {
    directive.next()
    const draft = reader.start(directive)
    reader.readArguments(directive, draft)
    return draft
  },
  added(reader, directive) {
    const draft = reader.start(directive)
    while (directive.next()) {
      reader.readArguments(directive, draft)
      reader.readBlock(directive, draft)
    }
    return draft
  },
}

/**
 * The table of a plugin whose options `finish` makes of the rows' fields. `finish` may throw
 * CorefileError.
 */
export const finishedTable = <Read, Options>(
  repetition: Repetition,
  spec: TableSpec<Read>,
  finish: (read: Read, directive: Directive) => Options,
): OptionTable<Options> => {
  const reader = new OptionReader(spec)
  return {
    facts: reader.facts,
    parse: directive => finish(readers[repetition](reader, directive), directive),
  }
}

/** The table of a plugin whose options are the rows' fields. */
export const optionTable = <Read>(
  repetition: Repetition,
  spec: TableSpec<Read>,
): OptionTable<Read> => finishedTable(repetition, spec, read => read)

/** The table of a plugin with separate options for each occurrence: an array in file order. */
export const eachOccurrence = <Read, Options>(
  spec: TableSpec<Read>,
  finish: (read: Read, directive: Directive) => Options,
): OptionTable<Options[]> => {
  const reader = new OptionReader(spec)
  return {
    facts: reader.facts,
    parse(directive) {
      const found: Options[] = []
      while (directive.next()) found.push(finish(reader.readOccurrence(directive), directive))
      return found
    },
  }
}

/** The table of a plugin without arguments and options. */
export const noOptions = (repetition: Repetition): OptionTable<undefined> =>
  finishedTable(repetition, { rows: {} }, () => undefined)
