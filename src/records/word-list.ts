// A list of words that grows and shrinks at its end: four bytes for each, and no objects.

const LEAST = 64
/** A longer list is freed when it is empty. */
const KEPT = 4096

export class WordList {
  #words = new Int32Array(LEAST)
  #length = 0

  get length(): number {
    return this.#length
  }

  push(word: number): void {
    if (this.#length === this.#words.length) {
      const larger = new Int32Array(2 * this.#length)
      larger.set(this.#words)
      this.#words = larger
    }
    this.#words[this.#length++] = word
  }

  /** The last word, which goes; 0 for an empty list. */
  pop(): number {
    if (this.#length === 0) return 0
    const word = this.#words[--this.#length] ?? 0
    if (this.#length === 0 && this.#words.length > KEPT) this.#words = new Int32Array(LEAST)
    return word
  }
}
