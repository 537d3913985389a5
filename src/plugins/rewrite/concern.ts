// Hot path. Decides from the bytes of a question whether any rule may apply to it. The first rule
// that applies sees the question unchanged. So if no rule applies to the question as received, none
// applies at all. Names are compared in presentation form, as the rules are written. For a regular
// expression the result may be a false yes. The handler then decides.

import type { Asked, Concerned } from '../../chain/query/asked.ts'
import { type NameView, nameToText } from '../../wire/name.ts'
import { type Needle, requiredText } from './required-text.ts'
import type { NameMatch, Rule } from './rule.ts'

/** The check. Undefined if some rule concerns all questions, so that no check is needed. */
export const concernsOf = (rules: readonly Rule[]): Concerned['concerns'] | undefined => {
  const matches: NameMatch[] = []
  const types: number[] = []
  const classes: number[] = []
  for (const rule of rules) {
    // These rules concern the options of all questions, and the aliases in all replies.
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

/**
 * Texts that are all in each matching name. An empty list means that nothing is known of the names.
 */
const needlesOf = ({ how, text }: NameMatch): readonly Needle[] =>
  how === 'regex' ? requiredText(text) : [{ how, text }]

class Concern {
  readonly #types: readonly number[]
  readonly #classes: readonly number[]
  readonly #text = new NameText()
  readonly #exact: ExactNames
  readonly #parts: readonly Part[]
  /** The letters of each part in one array. They exclude most names. */
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
    // Names with all letters: their presentation form may have any length.
    return letters === ALL_LETTERS || this.#mayHold(letters, name.length)
      ? this.#holdsName(letters, name)
      : false
  }

  /** Whether length and letters leave it open that a rule is for the name. */
  #mayHold(letters: number, length: number): boolean {
    // One less than on the wire, since only the name `.` shows the root's byte.
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

/** The presentation form of each byte, in four bytes from four times its value on. */
const CHARACTERS = new Uint8Array(4 * 256)
const COUNTS = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) {
  const text = nameToText(Uint8Array.of(1, byte, 0)).slice(0, -1)
  COUNTS[byte] = Buffer.from(text).copy(CHARACTERS, 4 * byte)
}

/** Bits for the letters of a text. A text that lacks a bit of another text cannot contain it. */
const lettersIn = (text: Uint8Array): number => {
  let letters = 0
  for (const byte of text) letters |= 1 << (byte & 31)
  return letters
}

const ALL_LETTERS = -1
/** The bit of each byte of a label. Bytes that are written with a backslash have all bits. */
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

/** The presentation form of names, one at a time. */
class NameText {
  /** A dot, then the name. Each byte of a name takes at most four bytes. */
  readonly bytes = new Uint8Array(4 * 256)
  /** Where the name begins and ends. */
  start = 1
  end = 1

  /** Reads a name in lower case, of which no byte is written with a backslash. */
  read(name: Uint8Array, length: number): void {
    const { bytes } = this
    for (let at = 0; at < length; at++) {
      const last = at + name[at]!
      bytes[at] = DOT
      while (at < last) bytes[++at] = name[at]!
    }
    this.#between(length, length)
  }

  /** Reads a name in lower case. */
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
    // The presentation form of the root is the dot alone.
    this.start = length > 1 ? 1 : 0
    this.end = end
  }

  /** Whether `part` is at `at`. The caller has checked that it fits there. */
  hasAt(part: Uint8Array, at: number): boolean {
    for (let k = 0; k < part.length; k++) if (part[k] !== this.bytes[at + k]) return false
    return true
  }
}

/** A list of names with a look-up whose time does not depend on its length. */
class ExactNames {
  readonly #names: readonly Uint8Array[]
  /** Whether there is a name of a length. */
  readonly #lengths = new Uint8Array(4 * 256)
  /** A hash table with open addressing: position + 1 of a name, or 0. */
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

/** The texts that names of one rule must have, each with its place. */
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
