// Hot path. Signs of life: two words per shard, a cache line apart from the next shard's, counted
// up by the shard and looked at by main. Words that stand still lead main to terminate the worker,
// never to a sweep: only the worker's `exit` event says that it writes no more. Both wrap around;
// compare for change only.
//
//   word 0  beats: turns of its event loop
//   word 1  work: messages taken and answered                    words 2..15 unused

/** 32-bit words between two shards: one cache line. */
export const HEARTBEAT_ROW_WORDS = 16
const WORK = 1

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

/**
 * Where a shard counts its work. It orders no other accesses, and no other thread writes it: a
 * plain store is enough.
 */
export class WorkCount {
  readonly #words: Int32Array
  readonly #word: number

  constructor(words: Int32Array, offset: number, shard: number) {
    this.#words = words
    this.#word = offset + shard * HEARTBEAT_ROW_WORDS + WORK
  }

  add(): void {
    this.#words[this.#word] = (this.#words[this.#word]! + 1) | 0
  }
}
