// Blocks of the records memory, handed out and taken back on main. A block that is given back may still be read by a shard that found it a
// moment ago, so it rests until every shard has beaten its heart: beats come between queries, and nobody keeps a block from one query to
// the next. A shard that hangs keeps blocks from being used again until it has been replaced; it never makes a reader read another's words.

import { blockWords, FreeBlocks } from './free-blocks.ts'

/** Tells when all readers have come round. */
export interface Quiescence {
  /** A mark of this moment. */
  mark(): readonly number[]
  /** Whether every reader has been between two reads since then. */
  hasPassed(mark: readonly number[]): boolean
}

interface Resting {
  readonly at: number
  readonly words: number
}

export class RecordsHeap {
  readonly #limit: number
  readonly #quiescence: Quiescence
  readonly #free = new FreeBlocks()
  /** Nobody has looked at what lies behind this word. */
  #top: number
  /** Given back since the mark was taken. */
  #young: Resting[] = []
  /** Given back before the mark. */
  #old: Resting[] = []
  #mark: readonly number[] = []
  #usedWords = 0

  /** Words from `first` up to `limit`. */
  constructor(first: number, limit: number, quiescence: Quiescence) {
    this.#top = first
    this.#limit = limit
    this.#quiescence = quiescence
  }

  /** Words in use, resting ones not counted. */
  get usedWords(): number {
    return this.#usedWords
  }

  /** A block of at least so many words, whose contents are anything; 0 if there is no room. */
  take(words: number): number {
    this.#settle()
    const size = blockWords(words)
    const at = this.#free.take(size) || this.#grow(size)
    if (at > 0) this.#usedWords += size
    return at
  }

  /** `words` as it was taken. Nothing that shards can reach points there any more. */
  giveBack(at: number, words: number): void {
    const size = blockWords(words)
    this.#usedWords -= size
    this.#young.push({ at, words: size })
    this.#settle()
  }

  #grow(size: number): number {
    if (this.#top + size > this.#limit) return 0
    this.#top += size
    return this.#top - size
  }

  /** Lets blocks go that have rested, and begins the rest of the younger ones. */
  #settle(): void {
    if (this.#old.length > 0) {
      if (!this.#quiescence.hasPassed(this.#mark)) return
      for (const { at, words } of this.#old) this.#free.add(at, words)
      this.#old = []
    }
    if (this.#young.length === 0) return
    this.#mark = this.#quiescence.mark()
    this.#old = this.#young
    this.#young = []
  }
}
