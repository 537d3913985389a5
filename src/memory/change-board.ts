// Hot path.
// When names last changed what they have: by main, which knows records of its own (a cluster, a hosts file); for cache, whose older answers are
// then no longer true. A word for each of CHANGE_SLOTS groups of names: monotonic seconds of the last change plus one, 0 for none. Groups are
// chosen by hash: names that share one cost each other a cache miss and nothing else. Main writes, shards read; one atomic word each.
//
// Order: main shows the new records first and marks the change then. An answer that was asked for in the second of the mark, or before it, counts
// as older, so what a shard may have read before the change is never served after it.

/** Group 0 is of names that nothing here can change; it is never marked. */
export const CHANGE_SLOTS = 16_384

/** Where the board lies: CHANGE_SLOTS words of shared memory that begin at `offset`. */
export interface ChangeBoard {
  readonly words: Int32Array
  readonly offset: number
}

/** Group of a name's bytes (wire form, lower case), which begin at `bytes[start]`: 1 to CHANGE_SLOTS - 1. */
export function changeSlotOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  hash ^= hash >>> 15
  return 1 + ((hash >>> 0) % (CHANGE_SLOTS - 1))
}

/** Main only. */
export function markChange({ words, offset }: ChangeBoard, slot: number, nowSeconds: number): void {
  Atomics.store(words, offset + slot, nowSeconds + 1)
}

/** Main only: every name may have changed. */
export function markAllChanged({ words, offset }: ChangeBoard, nowSeconds: number): void {
  for (let slot = 1; slot < CHANGE_SLOTS; slot++) Atomics.store(words, offset + slot, nowSeconds + 1)
}

/** Whether the group has changed since an answer was asked for at `askedSeconds`, or in that second. */
export const hasChangedSince = ({ words, offset }: ChangeBoard, slot: number, askedSeconds: number): boolean =>
  words[offset + slot]! > askedSeconds
