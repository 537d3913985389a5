// The rows of a plugin's table of options: an argument of its directive, an option in its block, or
// what follows from where it stands. Each says what the manual shows, and how words become a value.

import { CorefileError } from './diagnostic.ts'
import { Directive } from './directive.ts'
import { Argument, type Value } from './values.ts'
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

/** What an option takes of its line. */
export interface Line {
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

/** What is said of too few words or too many where nothing else is. */
export const argErr = (directive: Directive): CorefileError => directive.argErr()

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

/** The same of one that has to be there; `wrongCount` has what is said if it is not. */
export const requiredArgument = <T>(word: string, value: Value<T>, said: Said): Row<T> => ({
  facts: factsOf(word, value.word, said, { place: 'argument', range: value.range }),
  line: { ...said, most: 1 },
  // Nobody sees it: `read` gives a value or throws.
  start: () => undefined as T,
  read(left, _, directive) {
    const first = left.shift()
    if (first === undefined) throw (said.wrongCount ?? argErr)(directive, [])
    return value.read(first)
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
