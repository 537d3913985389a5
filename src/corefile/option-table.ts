// What may stand behind a directive, as data: from one table come parsing, "did you mean", `shardns
// help`, and the comparison with docs/compatibility.md. A table has a row for each field of a
// plugin's options; a row is an argument of the directive or an option in its block.

import { CorefileError } from './diagnostic.ts'
import { Directive } from './directive.ts'
import { Argument, type Draft, type Value } from './values.ts'
import { zonesFromArgsOrBlock } from './zones.ts'

/** What the manual says of an argument or an option. */
export interface OptionFacts {
  /** `ttl`; `TTL` for an argument. */
  readonly name: string
  /** As the synopsis has it: `[TTL]`, `kubeconfig FILE [CONTEXT]`. */
  readonly syntax: string
  /** On the directive's line, a name in its block, or any other line of the block. */
  readonly place: 'argument' | 'option' | 'line'
  /** What counts without it, in the words of the Corefile; '' for nothing. */
  readonly default: string
  /** Bounds of its value; '' for none. */
  readonly range: string
  /** Whether a further line adds to the one before; else it takes its place. */
  readonly addsUp: boolean
  /** One line without a full stop. */
  readonly does: string
  /** `refused`: CoreDNS has it; it is refused with a reason. `retired`: accepted without effect. */
  readonly support: 'yes' | 'refused' | 'retired'
}

export interface OptionTable<Options> {
  /** In the order of the manual. */
  readonly facts: readonly OptionFacts[]
  /**
   * From all occurrences of the directive in a server block. Pure: no I/O, no clock, no
   * environment. Throws CorefileError.
   */
  parse(directive: Directive): Options
}

/** One field of the options: where it comes from, and what it is without that. */
export interface Row<T> {
  /** Undefined for what is not written but follows from the place. */
  readonly facts: OptionFacts | undefined
  /** How the words of its line are taken; of an argument, it takes its own from the front. */
  readonly line: Line
  start(directive: Directive): T
  /** Its line once more: `before` is what the field was. The cursor is behind the words. */
  read(words: Argument[], before: T, directive: Directive): T
}

export type Rows<Read> = { readonly [Key in keyof Read]-?: Row<Read[Key]> }

/** What an option takes of its line. */
interface Line {
  readonly least?: number
  readonly most?: number
  /**
   * What becomes of more words than that. Plugins of CoreDNS differ: an error that names the last
   * of them (if nothing is said here) or the first; none, they are passed over; or none, they are
   * read as the next line would be.
   */
  readonly surplus?: 'refused-first' | 'ignored' | 'next-line'
  /** What is said of too few words or too many. */
  readonly wrongCount?: (directive: Directive, words: readonly Argument[]) => CorefileError
}

interface Said extends Line {
  readonly does: string
  readonly support?: OptionFacts['support']
  /** Instead of a default, where no words of the Corefile say what counts. */
  readonly otherwise?: string
}

interface Unset<T> extends Said {
  readonly unset: T
}

interface Default extends Said {
  /** In the words of the Corefile: the option must be able to read it. */
  readonly default: string
}

const NOWHERE = new Directive({
  name: '',
  tokens: [],
  file: '',
  occurrences: { starts: [], strays: [] },
  blockZones: [],
  blockKeys: [],
})

/** A default is read once, when the table is made. One that is no value is a fault of the table. */
const readDefault = <T>(name: string, value: Value<T>, text: string): T => {
  try {
    return value.read(new Argument(NOWHERE, { ...NOWHERE.token, text }))
  } catch (error) {
    if (!(error instanceof CorefileError)) throw error
    throw new Error(`the default of ${name} is none of its values: ${error.message}`)
  }
}

const factsOf = (
  name: string,
  syntax: string,
  { does, support = 'yes', otherwise = '', ...said }: Said & Partial<Default>,
  more: Partial<OptionFacts> = {},
): OptionFacts => {
  const facts = { name, syntax, does, support, default: said.default ?? otherwise }
  return { ...facts, place: 'option', range: '', addsUp: false, ...more }
}

/** The facts alone, for a table whose plugin reads its lines itself. */
export const optionFacts = (name: string, syntax: string, said: Said): OptionFacts =>
  factsOf(name, `${name} ${syntax}`.trimEnd(), said)

/** The same of an argument; `syntax` is all of it. */
export const argumentFacts = (name: string, syntax: string, said: Said): OptionFacts =>
  factsOf(name, syntax, said, { place: 'argument' })

const startOf = <T, U>(name: string, value: Value<T>, said: Default | Unset<U>): (() => T | U) => {
  const start = 'default' in said ? readDefault(name, value, said.default) : said.unset
  return () => start
}

/** An option with one value. */
export const option = <T, U = never>(
  name: string,
  value: Value<T>,
  said: Default | Unset<U>,
): Row<T | U> => ({
  facts: factsOf(name, `${name} ${value.word}`, said, { range: value.range }),
  line: { ...said, least: 1, most: 1 },
  start: startOf(name, value, said),
  read: ([word], before) => (word === undefined ? before : value.read(word)),
})

/** An option that stands alone. */
export const flag = (name: string, { sets = true, ...said }: Said & { sets?: boolean }) =>
  ({
    facts: factsOf(name, name, said),
    line: { ...said, most: 0 },
    start: () => !sets,
    read: () => sets,
  }) satisfies Row<boolean>

/** An option with any number of values; a further line adds to them, unless it `replaces` them. */
export const list = <T>(
  name: string,
  value: Value<T>,
  { replaces, ...said }: Said & { readonly replaces?: true },
): Row<T[]> => ({
  facts: factsOf(name, `${name} ${value.word}...`, said, { addsUp: !replaces }),
  line: { least: 1, ...said },
  start: () => [],
  read(words, before) {
    const values = replaces ? [] : before
    for (const word of words) values.push(value.read(word))
    return values
  },
})

/** `NAME [ZONES...]`: without zones it is for all names. What is no zone is passed over. */
export const zoneList = <U>(name: string, said: Unset<U>): Row<string[] | U> => ({
  facts: factsOf(name, `${name} [ZONES...]`, said),
  line: said,
  start: () => said.unset,
  read: words => zonesOf(words, ['.']),
})

const zonesOf = (words: readonly Argument[], otherwise: readonly string[]): string[] =>
  zonesFromArgsOrBlock(
    words.map(({ text }) => text),
    otherwise,
  )

/** An option with words of several kinds; `syntax` is what follows its name. */
export const words = <T>(
  name: string,
  syntax: string,
  said: Said & Pick<Row<T>, 'start' | 'read'> & { readonly addsUp?: true },
): Row<T> => ({
  facts: factsOf(name, syntax === '' ? name : `${name} ${syntax}`, said, {
    addsUp: said.addsUp ?? false,
  }),
  line: said,
  start: said.start,
  read: said.read,
})

/** An option that is known and refused, whatever stands behind it, or that has lost its effect. */
export const withoutEffect = (
  name: string,
  syntax: string,
  said: Said & {
    readonly support: 'refused' | 'retired'
    /** Throws, or warns. */
    meet(words: readonly Argument[], directive: Directive): undefined
  },
): Row<undefined> =>
  words(name, syntax, {
    ...said,
    start: () => undefined,
    read: (given, _, directive) => said.meet(given, directive),
  })

/** An argument of the directive with one value. */
export const argument = <T, U = never>(
  word: string,
  value: Value<T>,
  said: Default | Unset<U>,
): Row<T | U> => ({
  facts: factsOf(word, `[${word}]`, said, { place: 'argument', range: value.range }),
  line: { ...said, most: 1 },
  start: startOf(word, value, said),
  read(left, before) {
    const first = left.shift()
    return first === undefined ? before : value.read(first)
  },
})

/** Arguments of several kinds: `read` takes them from the front of what is left of the line. */
export const argumentsOf = <T>(
  name: string,
  syntax: string,
  said: Said & Pick<Row<T>, 'start' | 'read'>,
): Row<T> => ({
  facts: factsOf(name, syntax, said, { place: 'argument' }),
  line: said,
  start: said.start,
  read: said.read,
})

/** `[ZONES...]` at the end of the line: without them those of the server block. */
export const zonesArgument = (does: string): Row<string[]> =>
  argumentsOf('ZONES', '[ZONES...]', {
    does,
    otherwise: 'those of the server block',
    start: ({ blockZones }) => [...blockZones],
    read: (left, _, { blockZones }) => zonesOf(left.splice(0), blockZones),
  })

/** Lines of the block that begin with no name: TableSpec.otherLine reads them. */
export const otherLines = <T>(name: string, said: Said & Pick<Row<T>, 'start'>): Row<T> => ({
  facts: factsOf(name, `[${name}]`, said, { place: 'line', addsUp: true }),
  line: {},
  start: said.start,
  read: (_, before) => before,
})

/** What is not written, but follows from where the directive stands. */
export const derived = <T>(start: (directive: Directive) => T): Row<T> => ({
  facts: undefined,
  line: {},
  start,
  read: (_, before) => before,
})

export interface TableSpec<Read> {
  readonly rows: Rows<Read>
  /** Options that set no field. */
  readonly others?: readonly Row<undefined>[]
  /**
   * What is said of a line of the block that begins with none of the `known` names; undefined if
   * the line has been read.
   */
  readonly otherLine?: (
    directive: Directive,
    known: readonly string[],
    draft: Draft<Read>,
  ) => CorefileError | undefined
  /** What is said of too many arguments. */
  readonly wrongCount?: (directive: Directive) => CorefileError
}

const unknownProperty = (directive: Directive, known: readonly string[]): CorefileError =>
  directive.unknownOption(`unknown property '${directive.val()}'`, known)

const argErr = (directive: Directive): CorefileError => directive.argErr()

const nextArguments = (directive: Directive, most: number): Argument[] => {
  const found: Argument[] = []
  while (found.length < most && directive.nextArg())
    found.push(new Argument(directive, directive.token))
  return found
}

const remainingArguments = (directive: Directive): Argument[] =>
  directive.remainingTokens().map(token => new Argument(directive, token))

/** The words of an option's line that are the option's. */
const takeWords = (line: Line, directive: Directive): Argument[] => {
  const { least = 0, most = Number.POSITIVE_INFINITY, surplus, wrongCount = argErr } = line
  const isStepwise = surplus === 'next-line' || surplus === 'refused-first'
  const found = isStepwise ? nextArguments(directive, most) : remainingArguments(directive)
  const isTooMany =
    surplus === 'refused-first' ? directive.nextArg() : surplus === undefined && found.length > most
  if (isTooMany || found.length < least) throw wrongCount(directive, found)
  return found
}

/** A row that knows the field it is of. */
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

/** Reads what the rows say, part by part, for plugins that go about it in their own way. */
export class OptionReader<Read> {
  readonly facts: readonly OptionFacts[]
  readonly #spec: TableSpec<Read>
  readonly #fields: readonly BoundRow<Read>[]
  readonly #arguments: readonly BoundRow<Read>[]
  readonly #mostArguments: number
  readonly #options: ReadonlyMap<string, Pick<BoundRow<Read>, 'line' | 'read'>>
  /** Names that somebody may have meant. */
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

  /** What counts where nothing is written. */
  start(directive: Directive): Draft<Read> {
    const draft = {} as Draft<Read>
    for (const field of this.#fields) field.start(directive, draft)
    return draft
  }

  /** The rest of the directive's line. */
  readArguments(directive: Directive, draft: Draft<Read>): void {
    const { wrongCount = argErr } = this.#spec
    if (this.#arguments.length === 0 && !this.#hasBlock) {
      // Such plugins of CoreDNS take no step further, so that a block is an argument, too.
      if (directive.nextArg()) throw wrongCount(directive)
      return
    }
    const left = remainingArguments(directive)
    if (left.length > this.#mostArguments) throw wrongCount(directive)
    for (const row of this.#arguments) row.read(left, directive, draft)
    if (left.length > 0) throw wrongCount(directive)
  }

  /** The block, if there is one; gives the number of its lines. */
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

  /** One occurrence of the directive, whose name is the current token. */
  readOccurrence(directive: Directive): Read {
    const draft = this.start(directive)
    this.readArguments(directive, draft)
    this.readBlock(directive, draft)
    return draft
  }
}

/**
 * How often a directive may stand in a server block. `once`: an error if it stands twice. `last`:
 * each is read, and the last counts. `first`: what follows the first one's line is not read.
 */
export type Repetition = 'once' | 'last' | 'first'

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
}

/** The table of a plugin whose options are what `finish` makes of the rows' fields. */
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

/** The table of a plugin whose every occurrence gives options of its own, in file order. */
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

/** The table of a plugin that takes nothing. */
export const noOptions = (repetition: Repetition): OptionTable<undefined> =>
  finishedTable(repetition, { rows: {} }, () => undefined)
