// Hot path. Whether a question may concern any rule, from its bytes. If no rule applies to the
// question as it came, none applies later: the first rule that applies sees it unchanged. Names are
// compared in presentation form, as the rules are written. A regular expression may match where it
// says so; the handler knows for certain.

import type { Asked, Concerned } from '../../chain/asked.ts'
import { type NameView, nameToText } from '../../wire/name.ts'
import { type Needle, requiredText } from './required-text.ts'
import type { NameMatch, Rule } from './rule.ts'

/** Undefined if some rule concerns all questions: then no check is needed. */
export const concernsOf = (rules: readonly Rule[]): Concerned['concerns'] | undefined => {
  const matches: NameMatch[] = []
  const types: number[] = []
  const classes: number[] = []
  for (const rule of rules) {
    // Options of all questions, aliases in all replies.
    if (rule.kind === 'edns0' || rule.kind === 'cname') return undefined
    if (rule.kind === 'type') types.push(rule.from)
    else if (rule.kind === 'class') classes.push(rule.from)
    else matches.push(rule.match)
  }
  const needles = matches.map(needlesOf)
  if (needles.some(all => all.length === 0)) return undefined
  const concern = new Concern(types, classes, needles)
  return asked => concern.holds(asked)
}

/** All of them are in each name that matches; none: nothing is known of these names. */
const needlesOf = ({ how, text }: NameMatch): readonly Needle[] =>
  how === 'regex' ? requiredText(text) : [{ how, text }]

class Concern {
  readonly #types: readonly number[]
  readonly #classes: readonly number[]
  readonly #text = new NameText()
  readonly #exact: ExactNames
  readonly #parts: readonly Part[]
  /** The letters of each part, beside each other: most names end here. */
  readonly #letters: Int32Array

  constructor(
    types: readonly number[],
    classes: readonly number[],
    needles: readonly (readonly Needle[])[],
  ) {
    this.#types = types
    this.#classes = classes
    this.#exact = new ExactNames(needles.filter(isExact).map(([{ text }]) => text))
    this.#parts = needles.filter(all => !isExact(all)).map(all => new Part(all))
    this.#letters = Int32Array.from(this.#parts, ({ letters }) => letters)
  }

  holds({ qtype, qclass, name }: Asked): boolean {
    for (let n = 0; n < this.#types.length; n++) if (this.#types[n] === qtype) return true
    for (let n = 0; n < this.#classes.length; n++) if (this.#classes[n] === qclass) return true
    const letters = lettersOf(name.bytes, name.length)
    // All of them: their presentation form may have any length.
    return letters === ALL_LETTERS || this.#mayHold(letters, name.length)
      ? this.#holdsName(letters, name)
      : false
  }

  /** Whether the name cannot be told from all that the rules are for by length and letters. */
  #mayHold(letters: number, length: number): boolean {
    // One less than on the wire: the root's byte shows in the root alone.
    if (this.#exact.hasLength(Math.max(length - 1, 1))) return true
    const missing = ~letters
    for (let n = 0; n < this.#letters.length; n++)
      if ((this.#letters[n]! & missing) === 0) return true
    return false
  }

  #holdsName(letters: number, name: NameView): boolean {
    const text = this.#text
    if (letters === ALL_LETTERS) text.readEscaped(name.bytes, name.length)
    else text.read(name.bytes, name.length)
    if (this.#exact.holds(text)) return true
    const missing = ~letters
    for (let n = 0; n < this.#letters.length; n++)
      if ((this.#letters[n]! & missing) === 0 && this.#parts[n]!.isIn(text)) return true
    return false
  }
}

const isExact = (needles: readonly Needle[]): needles is readonly [Needle] =>
  needles.length === 1 && needles[0]?.how === 'exact'

const DOT = 0x2e

/** What stands for each byte of a label: as many bytes, from four times its value on. */
const CHARACTERS = new Uint8Array(4 * 256)
const COUNTS = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) {
  const text = nameToText(Uint8Array.of(1, byte, 0)).slice(0, -1)
  COUNTS[byte] = Buffer.from(text).copy(CHARACTERS, 4 * byte)
}

/** Bits of what a text is made of: one that lacks a bit of another's cannot hold it. */
const lettersIn = (text: Uint8Array): number => {
  let letters = 0
  for (const byte of text) letters |= 1 << (byte & 31)
  return letters
}

const ALL_LETTERS = -1
/** For each byte of a label its bit; all of them for what is written with a backslash. */
const LETTERS = new Int32Array(256)
for (let byte = 0; byte < 256; byte++)
  LETTERS[byte] = COUNTS[byte] === 1 ? 1 << (byte & 31) : ALL_LETTERS

/** The letters of a name in presentation form. */
const lettersOf = (name: Uint8Array, length: number): number => {
  let letters = 1 << (DOT & 31)
  for (let at = 0; at < length; at++)
    for (let last = at + name[at]!; at < last; ) letters |= LETTERS[name[++at]!]!
  return letters
}

/** The presentation form of one name after the other. */
class NameText {
  /** A dot in front of the first label, then the name; four bytes for each of it at most. */
  readonly bytes = new Uint8Array(4 * 256)
  /** Where the name begins, and ends. */
  start = 1
  end = 1

  /** `name` is in lower case, and nothing in it is written with a backslash. */
  read(name: Uint8Array, length: number): void {
    const { bytes } = this
    for (let at = 0; at < length; at++) {
      const last = at + name[at]!
      bytes[at] = DOT
      while (at < last) bytes[++at] = name[at]!
    }
    this.#between(length, length)
  }

  /** `name` is in lower case. */
  readEscaped(name: Uint8Array, length: number): void {
    const { bytes } = this
    let to = 0
    let label = 0
    for (let at = 0; at < length; at++) {
      const byte = name[at]!
      if (at === label) {
        bytes[to++] = DOT
        label += byte + 1
        continue
      }
      for (let k = 4 * byte; k < 4 * byte + COUNTS[byte]!; k++) bytes[to++] = CHARACTERS[k]!
    }
    this.#between(length, to)
  }

  #between(length: number, end: number): void {
    // The root is its dot.
    this.start = length > 1 ? 1 : 0
    this.end = end
  }

  /** Whether `part` stands at `at`: the caller has seen that it has room there. */
  hasAt(part: Uint8Array, at: number): boolean {
    for (let k = 0; k < part.length; k++) if (part[k] !== this.bytes[at + k]) return false
    return true
  }
}

/** A list of names, looked up at once however long it is. */
class ExactNames {
  readonly #names: readonly Uint8Array[]
  /** By length: whether there is a name of that length. */
  readonly #lengths = new Uint8Array(4 * 256)
  /** Open addressing: position + 1 of a name, 0 for none. */
  readonly #table: Int32Array

  constructor(names: readonly string[]) {
    this.#names = [...new Set(names)]
      .map(name => new TextEncoder().encode(name))
      .filter(({ length }) => length < this.#lengths.length)
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(this.#names.length + 1) + 1))
    const mask = this.#table.length - 1
    for (const [index, name] of this.#names.entries()) {
      this.#lengths[name.length] = 1
      let place = hashOf(name, 0, name.length) & mask
      while (this.#table[place] !== 0) place = (place + 1) & mask
      this.#table[place] = index + 1
    }
  }

  hasLength(length: number): boolean {
    return this.#lengths[length] === 1
  }

  holds(text: NameText): boolean {
    const { start, end } = text
    if (!this.hasLength(end - start)) return false
    const table = this.#table
    const mask = table.length - 1
    let place = hashOf(text.bytes, start, end) & mask
    for (; table[place] !== 0; place = (place + 1) & mask) {
      const name = this.#names[table[place]! - 1]!
      if (name.length === end - start && text.hasAt(name, start)) return true
    }
    return false
  }
}

const hashOf = (text: Uint8Array, start: number, end: number): number => {
  let hash = 0
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text[at]!, 0x01000193)
  return hash ^ (hash >>> 15)
}

const HOWS: readonly Needle['how'][] = ['substring', 'prefix', 'suffix', 'exact']
const SUBSTRING = 0
const PREFIX = 1
const SUFFIX = 2

/** Texts that one rule needs, each at its place. */
class Part {
  readonly letters: number
  readonly #hows: Uint8Array
  readonly #texts: readonly Uint8Array[]

  constructor(needles: readonly Needle[]) {
    this.#hows = Uint8Array.from(needles, ({ how }) => HOWS.indexOf(how))
    this.#texts = needles.map(({ text }) => new TextEncoder().encode(text))
    this.letters = this.#texts.reduce((letters, text) => letters | lettersIn(text), 0)
  }

  isIn(text: NameText): boolean {
    for (let n = 0; n < this.#texts.length; n++)
      if (!isPart(this.#texts[n]!, this.#hows[n]!, text)) return false
    return true
  }
}

const isPart = (part: Uint8Array, how: number, text: NameText): boolean => {
  const { start } = text
  const last = text.end - part.length
  if (last < start) return false
  if (how === SUBSTRING) return isSomewhere(part, text, last)
  if (how === PREFIX) return text.hasAt(part, start)
  return (how === SUFFIX || last === start) && text.hasAt(part, last)
}

const isSomewhere = (part: Uint8Array, text: NameText, last: number): boolean => {
  for (let at = text.start; at <= last; at++) if (text.hasAt(part, at)) return true
  return false
}
