// Hot path. Mnemonics of record types as bytes. Each type number is turned into text once; those
// without a mnemonic keep nothing but a mark, so that clients cannot fill memory by asking for all
// of them.

import { typeToText } from '../../wire/rrtypes.ts'
import { asciiBytes, putBytes, putDecimal } from './line-bytes.ts'

const UNSEEN = 0
const NAMELESS = 1
/** Marks from here on are positions in the list of texts. */
const FIRST_TEXT = 2

const TYPE = asciiBytes('TYPE')

export class TypeBytes {
  readonly #marks = new Uint8Array(0x10000)
  readonly #texts: Uint8Array[] = []

  /** Writes a type as typeToText does; returns the offset behind it. */
  put(out: Uint8Array, at: number, type: number): number {
    if (this.#marks[type] === UNSEEN) this.#look(type)
    const mark = this.#marks[type]!
    if (mark === NAMELESS) return putDecimal(out, putBytes(out, at, TYPE), type)
    return putBytes(out, at, this.#texts[mark - FIRST_TEXT]!)
  }

  #look(type: number): void {
    const text = typeToText(type)
    const mark = text === `TYPE${type}` ? NAMELESS : FIRST_TEXT + this.#texts.length
    this.#marks[type] = mark
    if (mark !== NAMELESS) this.#texts.push(asciiBytes(text))
  }
}
