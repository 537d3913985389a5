// The rows of a plugin's table of options. A row is an argument of the directive, an option in its
// block, or a value derived from the directive's place. It holds the text for the manual, and the
// function that turns words into a value.

import { CorefileError } from '../diagnostics/diagnostic.ts'
import { zonesFromArgsOrBlock } from '../words/zones.ts'
import { Directive } from './directive.ts'
import { Argument, type Value } from './values.ts'

/** The manual's entry for an argument or an option. */
export interface OptionFacts {
  /** `ttl`; `TTL` for an argument. */
  readonly name: string
  /** As in the synopsis: `[TTL]`, `kubeconfig FILE [CONTEXT]`. */
  readonly syntax: string
  /**
   * `argument`: on the directive's line. `option`: a line of the block that begins with the name.
   * `line`: any other line of the block.
   */
  readonly place: 'argument' | 'option' | 'line'
  /** The default, as it would be written in a Corefile; '' for none. */
  readonly default: string
  /** Range of its value, such as `1s to 24h`; '' for none. */
  readonly range: string
  /** Whether a second line adds to the first; else it replaces it. */
  readonly addsUp: boolean
  /** One line without a full stop. */
  readonly does: string
  /**
   * `refused`: CoreDNS has it, shardns refuses it with a reason. `retired`: accepted without
   * effect.
   */
  readonly support: 'yes' | 'refused' | 'retired'
}

/** One field of a plugin's options: its source in the Corefile, and its value without one. */
export interface Row<T> {
  /** Undefined for a value that is not written but derived from the place. */
  readonly facts: OptionFacts | undefined
  /** How many words of its line it takes. An argument takes its words from the front. */
  readonly line: Line
  start(directive: Directive): T
  /**
   * Reads one line: `before` is the field's value so far, and the result is the new one. The
   * directive's cursor is behind the words. Throws CorefileError.
   */
  read(words: Argument[], before: T, directive: Directive): T
}

/** The words that an option takes of its line. */
export interface Line {
  readonly least?: number
  readonly most?: number
  /**
   * How surplus words are handled, since CoreDNS's plugins differ. Absent: an error that names the
   * last of them. `refused-first`: an error that names the first. `ignored`: they are skipped.
   * `next-line`: they are read like the next line.
   */
  readonly surplus?: 'refused-first' | 'ignored' | 'next-line'
  /** Makes the error for too few words or too many. */
  readonly wrongCount?: (directive: Directive, words: readonly Argument[]) => CorefileError
}

interface Said extends Line {
  readonly does: string
  readonly support?: OptionFacts['support']
  /** For the manual, in place of a default that cannot be written in a Corefile. */
  readonly otherwise?: string
}

interface Unset<T> extends Said {
  readonly unset: T
}

interface Default extends Said {
  /** As written in a Corefile: the option's value must accept it. */
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

/**
 * Reads a default once, when the table is made. A default that the value refuses is a fault of the
 * table.
 */
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

/** Only the facts of an option, for a table whose plugin reads its lines itself. */
export const optionFacts = (name: string, syntax: string, said: Said): OptionFacts =>
  factsOf(name, `${name} ${syntax}`.trimEnd(), said)

/** The same for an argument; `syntax` is its whole synopsis. */
export const argumentFacts = (name: string, syntax: string, said: Said): OptionFacts =>
  factsOf(name, syntax, said, { place: 'argument' })

const startOf = <T, U>(name: string, value: Value<T>, said: Default | Unset<U>): (() => T | U) => {
  const start = 'default' in said ? readDefault(name, value, said.default) : said.unset
  return () => start
}

/**
 * An option with one value. Without the option the field is the value of `default`, or `unset`
 * itself.
 */
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

/**
 * An option without values: the field is `sets` (true by default) if it is there, and the opposite
 * if not.
 */
export const flag = (name: string, { sets = true, ...said }: Said & { sets?: boolean }) =>
  ({
    facts: factsOf(name, name, said),
    line: { ...said, most: 0 },
    start: () => !sets,
    read: () => sets,
  }) satisfies Row<boolean>

/**
 * An option with any number of values. A second line adds to them, or replaces them with
 * `replaces`.
 */
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

/**
 * `NAME [ZONES...]`: without zones it is for all names. Words that are no zones are skipped, as
 * CoreDNS does.
 */
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

/** An option that is known but refused with any words, or accepted without effect. */
export const withoutEffect = (
  name: string,
  syntax: string,
  said: Said & {
    readonly support: 'refused' | 'retired'
    /** Throws if the option is refused, or adds a warning. */
    meet(words: readonly Argument[], directive: Directive): undefined
  },
): Row<undefined> =>
  words(name, syntax, {
    ...said,
    start: () => undefined,
    read: (given, _, directive) => said.meet(given, directive),
  })

/** The error for too few words or too many, if the row does not make one. */
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

/** The same for an argument that is required; `wrongCount` makes the error if it is missing. */
export const requiredArgument = <T>(word: string, value: Value<T>, said: Said): Row<T> => ({
  facts: factsOf(word, value.word, said, { place: 'argument', range: value.range }),
  line: { ...said, most: 1 },
  // Never used: `read` returns a value or throws.
  start: () => undefined as T,
  read(left, _, directive) {
    const first = left.shift()
    if (first === undefined) throw (said.wrongCount ?? argErr)(directive, [])
    return value.read(first)
  },
})

/**
 * Arguments of several kinds: `read` takes them from the front of the remaining words of the line.
 */
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

/**
 * Manual entry for lines of the block that do not begin with an option's name. TableSpec.otherLine
 * reads them.
 */
export const otherLines = <T>(name: string, said: Said & Pick<Row<T>, 'start'>): Row<T> => ({
  facts: factsOf(name, `[${name}]`, said, { place: 'line', addsUp: true }),
  line: {},
  start: said.start,
  read: (_, before) => before,
})

/**
 * A value that is not written, but derived from the directive's place, such as the block's zones.
 */
export const derived = <T>(start: (directive: Directive) => T): Row<T> => ({
  facts: undefined,
  line: {},
  start,
  read: (_, before) => before,
})
