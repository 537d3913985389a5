// Blocks of the records memory, allocated and freed on main. A shard that found a block a moment
// ago may still read it after it is freed. So a freed block rests until the heartbeat of every
// shard has moved on (quiescent-state-based reclamation, QSBR): beats come between queries, and no
// shard keeps a block from one query to the next. A shard that hangs keeps blocks from being reused
// until it has been replaced. No reader ever sees the words of another entry.
//
// Hundreds of thousands of blocks may be freed at a time (when a hosts file is replaced), and main
// has other work. So each call that allocates or frees also recycles a few blocks that have rested.

import { blockWords, type DropPages, FreeBlocks } from './free-blocks.ts'
import { WordList } from './word-list.ts'

/** Tells when all readers have passed a quiescent state. */
export interface Quiescence {
  /** A mark of this moment. */
  mark(): readonly number[]
  /** Whether every reader has been between two reads since then. */
  hasPassed(mark: readonly number[]): boolean
}

/** Blocks, one after the other: first word and words of each. */
export type Blocks = Iterator<readonly [at: number, words: number]>

/** Rested blocks that each call recycles: more than one call can add. */
const SETTLED = 16
/** The same where a call finds no room. */
const SETTLED_IN_NEED = 2048
/** How often what has been given back in great numbers is looked at. */
const REST_MS = 20
/** Blocks taken of a long line in one go: a few milliseconds at most. */
const CLEARED = 2048
/** Large free blocks whose pages are given to the system in one go: the same. */
const RELEASED = 2048
/** Words that have become free since the last time, for it to be worth a look. */
const WORTH_WORDS = 64 * 1024

export class RecordsHeap {
  readonly #limit: number
  readonly #quiescence: Quiescence
  readonly #free: FreeBlocks
  /** Memory behind this word has never been in use. */
  #top: number
  /** Given back since the mark was taken: first word, then words, of each. */
  #young = new WordList()
  /** Given back before the mark. */
  #old = new WordList()
  #mark: readonly number[] = []
  #hasPassed = false
  #usedWords = 0
  /** Words that have become free since `release` looked. */
  #freedWords = 0
  readonly #leaving: Blocks[] = []
  #timer: NodeJS.Timeout | undefined

  /** Words from `first` up to `limit`, both multiples of 4. */
  constructor(words: Int32Array, first: number, limit: number, quiescence: Quiescence) {
    this.#top = first
    this.#limit = limit
    this.#quiescence = quiescence
    this.#free = new FreeBlocks(words, limit)
  }

  /** Words in use, resting ones not counted. */
  get usedWords(): number {
    return this.#usedWords
  }

  /** A block of at least so many words, whose contents are anything; 0 if there is no room. */
  take(words: number): number {
    this.#settle(SETTLED)
    const size = blockWords(words)
    let at = this.#find(size)
    while (at === 0 && (this.#settle(SETTLED_IN_NEED) || this.#clear())) at = this.#find(size)
    if (at > 0) this.#usedWords += size
    return at
  }

  /** `words` as it was taken. Nothing that shards can reach points there any more. */
  giveBack(at: number, words: number): void {
    const size = blockWords(words)
    this.#usedWords -= size
    this.#freedWords += size
    this.#young.push(at)
    this.#young.push(size)
    this.#settle(SETTLED)
  }

  /**
   * As giveBack, for many: those that the first turn has no time for follow in later turns of the
   * event loop.
   */
  giveBackAll(blocks: Blocks): void {
    this.#leaving.push(blocks)
    if (this.#leaving.length === 1) this.#clearOn()
  }

  /**
   * Gives pages that hold nothing any more to the system, if much has become free; to be called now
   * and then. What still rests follows the next time.
   */
  release(drop: DropPages): void {
    this.#restOn()
    if (this.#freedWords < WORTH_WORDS) return
    const isAll = this.#free.release(RELEASED, drop)
    if (isAll && this.#old.length + this.#young.length === 0) this.#freedWords = 0
  }

  /** Gives back what no shard has ever been able to reach: it may be taken at once. */
  undo(at: number, words: number): void {
    const size = blockWords(words)
    this.#usedWords -= size
    this.#freedWords += size
    this.#free.add(at, size)
  }

  #find(size: number): number {
    return this.#free.take(size) || this.#grow(size)
  }

  #grow(size: number): number {
    if (this.#top + size > this.#limit) return 0
    this.#top += size
    return this.#top - size
  }

  /**
   * Lets blocks go that have rested, `most` of them, and begins the rest of the younger ones. False
   * if it could do neither.
   */
  #settle(most: number): boolean {
    const old = this.#old
    if (old.length > 0) {
      this.#hasPassed ||= this.#quiescence.hasPassed(this.#mark)
      if (!this.#hasPassed) return false
      for (let n = 0; n < most && old.length > 0; n++) {
        const words = old.pop()
        this.#free.add(old.pop(), words)
      }
      if (old.length > 0) return true
    } else if (this.#young.length === 0) return false
    this.#hasPassed = false
    this.#mark = this.#quiescence.mark()
    this.#old = this.#young
    this.#young = old
    return true
  }

  /** Gives back some of what giveBackAll was given. False if there is nothing. */
  #clear(): boolean {
    const blocks = this.#leaving[0]
    if (blocks === undefined) return false
    for (let n = 0; n < CLEARED; n++) {
      const { done, value } = blocks.next()
      if (done === true) {
        this.#leaving.shift()
        break
      }
      this.giveBack(value[0], value[1])
    }
    return true
  }

  #clearOn(): void {
    this.#clear()
    if (this.#leaving.length > 0) setImmediate(() => this.#clearOn())
    else this.#restOn()
  }

  /**
   * Recycles rested blocks in larger numbers, so that a caller that needs much at a time finds
   * them.
   */
  #restOn(): void {
    if (this.#timer !== undefined || this.#old.length + this.#young.length === 0) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#settle(SETTLED_IN_NEED)
      this.#restOn()
    }, REST_MS)
    this.#timer.unref()
  }
}
