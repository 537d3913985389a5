// The weights in shared memory: main writes, shards read. The buffer belongs to one server block
// and one generation, and grows as needed.
//
//   word 0  version: even when the text stands, odd while main writes; 0 before the first text
//   word 1  size of the text in bytes
//   word 2… the text: JSON of WeightEntries in UTF-8
//
// One writer, and it never waits. A reader that meets a write keeps the table it has and looks
// again at its next query. Every word goes through Atomics: changes are rare and off the hot path,
// a look without a change is one load.

import { sharedBuffer } from '../../memory/shared-buffer.ts'
import { type WeightEntries, WeightTable } from './weight-table.ts'

const VERSION_WORD = 0
const SIZE_WORD = 1
const TEXT_WORD = 2
const TEXT_BYTES_MAX = 4 << 20

/** Room for the largest table is reserved, not used. */
export const makeBoard = (): SharedArrayBuffer =>
  sharedBuffer(TEXT_WORD * 4, TEXT_WORD * 4 + TEXT_BYTES_MAX)

/** Throws a RangeError if the table is over 4 MiB as text. Main only. */
export const writeBoard = (board: SharedArrayBuffer, entries: WeightEntries): void => {
  const text = new TextEncoder().encode(JSON.stringify(entries))
  if (text.length > TEXT_BYTES_MAX) throw new RangeError('weight table is too large')
  const textWords = Math.ceil(text.length / 4)
  const neededBytes = (TEXT_WORD + textWords) * 4
  if (board.byteLength < neededBytes) board.grow(neededBytes)
  const padded = new Int32Array(textWords)
  new Uint8Array(padded.buffer).set(text)
  const words = new Int32Array(board)
  Atomics.add(words, VERSION_WORD, 1)
  Atomics.store(words, SIZE_WORD, text.length)
  for (let i = 0; i < textWords; i++) Atomics.store(words, TEXT_WORD + i, padded[i]!)
  Atomics.add(words, VERSION_WORD, 1)
}

/** A shard's view of the board. */
export class WeightReader {
  readonly #words: Int32Array
  #version = 0
  #table = new WeightTable([])

  constructor(board: SharedArrayBuffer) {
    this.#words = new Int32Array(board)
  }

  /** The newest table that could be read whole; empty before the first. */
  get table(): WeightTable {
    const version = Atomics.load(this.#words, VERSION_WORD)
    if (version !== this.#version && (version & 1) === 0) this.#read(version)
    return this.#table
  }

  #read(version: number): void {
    const words = this.#words
    const size = Atomics.load(words, SIZE_WORD)
    const copy = new Int32Array(Math.ceil(size / 4))
    if (TEXT_WORD + copy.length > words.length) return
    for (let i = 0; i < copy.length; i++) copy[i] = Atomics.load(words, TEXT_WORD + i)
    if (Atomics.load(words, VERSION_WORD) !== version) return
    const text = new TextDecoder().decode(new Uint8Array(copy.buffer, 0, size))
    this.#table = new WeightTable(JSON.parse(text) as WeightEntries)
    this.#version = version
  }
}
