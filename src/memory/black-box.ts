// What a shard was working on: the question it handles just now, for main to read after the shard's
// death. One writer; main reads the question only after the worker's `exit` event, so no protocol
// is needed beyond the order of the stores. The sequence number may be read at any time.
//
//   word 0  bytes of the question (0: at rest)   word 1  its hash   word 2  questions ever noted
//   words 3..67  name, type, class
//   words 68..79 unused

/** 32-bit words of one shard's box: five cache lines. */
export const BLACK_BOX_WORDS = 80
const HASH = 1
const SEQUENCE = 2
const FIRST_BYTE = 12
const QUESTION_LIMIT = 260

export class BlackBox {
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  readonly #word: number
  readonly #byte: number

  /** `words` must cover its SharedArrayBuffer from the start; shards count from 0. */
  constructor(words: Int32Array, offset: number, shard: number) {
    this.#words = words
    this.#bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
    this.#word = offset + shard * BLACK_BOX_WORDS
    this.#byte = this.#word * 4 + FIRST_BYTE
  }

  /**
   * Notes the question at `bytes[start..end)` (name, type, class); what exceeds 260 bytes is cut.
   */
  note(questionHash: number, bytes: Uint8Array, start: number, end: number): void {
    const length = Math.min(end - start, QUESTION_LIMIT)
    this.#words[this.#word] = 0
    this.#words[this.#word + SEQUENCE] = (this.#words[this.#word + SEQUENCE]! + 1) | 0
    for (let k = 0; k < length; k++) this.#bytes[this.#byte + k] = bytes[start + k]!
    this.#words[this.#word + HASH] = questionHash
    this.#words[this.#word] = length
  }

  /** At rest again. */
  clear(): void {
    this.#words[this.#word] = 0
  }

  /**
   * Another one for each time that a question was noted, also if it is the same question again.
   * Wraps around.
   */
  get sequence(): number {
    return Atomics.load(this.#words, this.#word + SEQUENCE)
  }

  /** What was noted and not cleared, as a private copy. On main, after the worker's exit. */
  read(): { readonly hash: number; readonly question: Uint8Array } | undefined {
    const length = Atomics.load(this.#words, this.#word)
    if (length <= 0 || length > QUESTION_LIMIT) return undefined
    return {
      hash: this.#words[this.#word + HASH] ?? 0,
      question: this.#bytes.slice(this.#byte, this.#byte + length),
    }
  }
}
