// Hot path. Whether any rule could have business with a question, from its bytes. A rule that does
// not apply to the question as it came has none later on either: what applies first sees it so.
// Names are compared in presentation form, as the rules are written. A regular expression may
// match where it says so; the handler knows for certain.

import type { Asked, Concerned } from '../../chain/asked.ts'
import { nameToText } from '../../wire/name.ts'
import { type Needle, requiredText } from './required-text.ts'
import type { NameMatch, Rule } from './rule.ts'

/** Undefined if some rule has business with all of them: nobody needs to ask. */
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

/** Four characters for each byte of a name at most. */
const TEXT_BYTES = 1024
const DOT = 0x2e

/** What stands for each byte of a label: as many bytes, from four times its value on. */
const CHARACTERS = new Uint8Array(4 * 256)
const COUNTS = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) {
  const text = nameToText(Uint8Array.of(1, byte, 0)).slice(0, -1)
  COUNTS[byte] = Buffer.from(text).copy(CHARACTERS, 4 * byte)
}

class Concern {
  readonly #types: readonly number[]
  readonly #classes: readonly number[]
  readonly #exact: ExactNames
  readonly #parts: readonly Part[]
  readonly #text = new Uint8Array(TEXT_BYTES)

  constructor(
    types: readonly number[],
    classes: readonly number[],
    needles: readonly (readonly Needle[])[],
  ) {
    this.#types = types
    this.#classes = classes
    this.#exact = new ExactNames(needles.filter(isExact).map(([{ text }]) => text))
    this.#parts = needles.filter(all => !isExact(all)).map(all => new Part(all))
  }

  holds({ qtype, qclass, name }: Asked): boolean {
    for (let n = 0; n < this.#types.length; n++) if (this.#types[n] === qtype) return true
    for (let n = 0; n < this.#classes.length; n++) if (this.#classes[n] === qclass) return true
    const text = this.#text
    const length = writeText(name.bytes, name.length, text)
    if (this.#exact.holds(text, length)) return true
    for (let n = 0; n < this.#parts.length; n++) if (this.#parts[n]!.isIn(text, length)) return true
    return false
  }
}

const isExact = (needles: readonly Needle[]): needles is readonly [Needle] =>
  needles.length === 1 && needles[0]?.how === 'exact'

/** The presentation form of a name; returns its length. */
const writeText = (name: Uint8Array, length: number, out: Uint8Array): number => {
  let to = 0
  for (let at = 0; at < length && name[at] !== 0; ) {
    for (let end = at + name[at++]!; at <= end; at++) {
      const byte = name[at]!
      for (let k = 0; k < COUNTS[byte]!; k++) out[to++] = CHARACTERS[4 * byte + k]!
    }
    out[to++] = DOT
  }
  if (to === 0) out[to++] = DOT
  return to
}

const hashOf = (text: Uint8Array, length: number): number => {
  let hash = 0
  for (let at = 0; at < length; at++) hash = Math.imul(hash ^ text[at]!, 0x01000193)
  return hash ^ (hash >>> 15)
}

/** A list of names, looked up at once however long it is. */
class ExactNames {
  readonly #names: readonly Uint8Array[]
  /** Open addressing: position + 1 of a name, 0 for none. */
  readonly #table: Int32Array

  constructor(names: readonly string[]) {
    this.#names = [...new Set(names)].map(name => new TextEncoder().encode(name))
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(this.#names.length + 1) + 1))
    const mask = this.#table.length - 1
    for (const [index, name] of this.#names.entries()) {
      let place = hashOf(name, name.length) & mask
      while (this.#table[place] !== 0) place = (place + 1) & mask
      this.#table[place] = index + 1
    }
  }

  holds(text: Uint8Array, length: number): boolean {
    if (this.#names.length === 0) return false
    const table = this.#table
    const mask = table.length - 1
    for (let place = hashOf(text, length) & mask; table[place] !== 0; place = (place + 1) & mask) {
      const name = this.#names[table[place]! - 1]!
      if (name.length === length && isAt(name, text, 0)) return true
    }
    return false
  }
}

const HOWS: readonly Needle['how'][] = ['substring', 'prefix', 'suffix', 'exact']
const SUBSTRING = 0
const PREFIX = 1
const SUFFIX = 2

/** Texts that one rule needs, each at its place. */
class Part {
  readonly #hows: Uint8Array
  readonly #texts: readonly Uint8Array[]

  constructor(needles: readonly Needle[]) {
    this.#hows = Uint8Array.from(needles, ({ how }) => HOWS.indexOf(how))
    this.#texts = needles.map(({ text }) => new TextEncoder().encode(text))
  }

  isIn(text: Uint8Array, length: number): boolean {
    for (let n = 0; n < this.#texts.length; n++)
      if (!isPart(this.#texts[n]!, this.#hows[n]!, text, length)) return false
    return true
  }
}

const isPart = (part: Uint8Array, how: number, text: Uint8Array, length: number): boolean => {
  const last = length - part.length
  if (last < 0) return false
  if (how === SUBSTRING) return isSomewhere(part, text, last)
  if (how === PREFIX) return isAt(part, text, 0)
  return (how === SUFFIX || last === 0) && isAt(part, text, last)
}

const isSomewhere = (part: Uint8Array, text: Uint8Array, last: number): boolean => {
  for (let at = 0; at <= last; at++) if (isAt(part, text, at)) return true
  return false
}

const isAt = (part: Uint8Array, text: Uint8Array, at: number): boolean => {
  for (let k = 0; k < part.length; k++) if (part[k] !== text[at + k]) return false
  return true
}
