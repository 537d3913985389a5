// Hot path. Signs of life: a few words per shard, a cache line apart from the next shard's. Two are
// counted up by the shard and looked at by main. Those that stand still lead main to terminate the
// worker, never to a sweep: only the worker's `exit` event says that it writes no more. Both wrap
// around; compare for change only.
//
//   word 0  beats: turns of its event loop
//   word 1  work: messages taken and answered
//   word 2  rest: 1 while main seldom looks at a shard without work, and expects few beats
//                                                                words 3..15 unused
//
// Main lays a shard to rest (0 -> 1) and waits on the word. The shard ends it with its next
// message, and main at any time, by an exchange (1 -> 0) and a notify. A message that comes just as
// main lays the shard to rest may leave it at rest; the next one, or main's next look, ends that.

/** 32-bit words between two shards: one cache line. */
export const HEARTBEAT_ROW_WORDS = 16
const WORK = 1
const REST = 2

/** How often a shard beats, and how often it does at rest. */
export const BEAT_MS = 100
export const REST_BEAT_MS = 1000

/**
 * Counts up the shard's beat (shards from 0). Atomic: a thread that sees the beat knows that all
 * earlier reads of the shard are done. The records memory waits for that (records/heap.ts).
 */
export const beat = (words: Int32Array, offset: number, shard: number): void => {
  Atomics.add(words, offset + shard * HEARTBEAT_ROW_WORDS, 1)
}

/** The shard's beat; equal to an earlier one if its event loop has not completed a turn since. */
export const readBeat = (words: Int32Array, offset: number, shard: number): number =>
  Atomics.load(words, offset + shard * HEARTBEAT_ROW_WORDS)

/**
 * The shard's work; equal to an earlier one when it has neither taken nor answered a message since.
 */
export const readWork = (words: Int32Array, offset: number, shard: number): number =>
  Atomics.load(words, offset + shard * HEARTBEAT_ROW_WORDS + WORK)

export const isAtRest = (words: Int32Array, offset: number, shard: number): boolean =>
  Atomics.load(words, restWord(offset, shard)) !== 0

/** Main only. The shard is not expected to beat often from here on. */
export const layToRest = (words: Int32Array, offset: number, shard: number): void => {
  Atomics.store(words, restWord(offset, shard), 1)
}

/** Ends the shard's rest, and wakes who waits for that. True if it was at rest. */
export const rouse = (words: Int32Array, offset: number, shard: number): boolean => {
  const word = restWord(offset, shard)
  if (Atomics.exchange(words, word, 0) === 0) return false
  Atomics.notify(words, word)
  return true
}

/** The word that `rouse` notifies of, 1 at rest. */
export const restWord = (offset: number, shard: number): number =>
  offset + shard * HEARTBEAT_ROW_WORDS + REST

/**
 * Where a shard counts its work. It orders no other accesses, and no other thread writes it: a
 * plain store is enough.
 */
export class WorkCount {
  readonly #words: Int32Array
  readonly #offset: number
  readonly #shard: number
  readonly #word: number
  readonly #rest: number
  /** Called when work has ended the shard's rest. */
  onRoused = (): void => {}

  constructor(words: Int32Array, offset: number, shard: number) {
    this.#words = words
    this.#offset = offset
    this.#shard = shard
    this.#word = offset + shard * HEARTBEAT_ROW_WORDS + WORK
    this.#rest = restWord(offset, shard)
  }

  add(): void {
    this.#words[this.#word] = (this.#words[this.#word]! + 1) | 0
    if (this.#words[this.#rest] !== 0) this.#rouse()
  }

  #rouse(): void {
    rouse(this.#words, this.#offset, this.#shard)
    this.onRoused()
  }
}
