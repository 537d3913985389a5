// Signs of life: one word per shard, a cache line apart, counted up by the shard's loop and looked at by main. A word that stands still leads
// main to terminate the worker, never to a sweep: only the worker's `exit` event says that it writes no more. Wraps around; compare for change only.

/** 32-bit words between two shards: one cache line. */
export const HEARTBEAT_ROW_WORDS = 16

/**
 * Counts up the shard's beat (shards from 0). Atomic: whoever sees the beat sees it after all that the shard read before, which is what the
 * records memory waits for (records/heap.ts).
 */
export function beat(words: Int32Array, offset: number, shard: number): void {
  Atomics.add(words, offset + shard * HEARTBEAT_ROW_WORDS, 1)
}

/** The shard's beat; equal to an earlier one when the shard has not come round since. */
export const readBeat = (words: Int32Array, offset: number, shard: number): number =>
  Atomics.load(words, offset + shard * HEARTBEAT_ROW_WORDS)
