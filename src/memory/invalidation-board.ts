// Hot path. When the records of names last changed. Main writes this for records of its own (a
// cluster, a hosts file). The cache plugin reads it: its older answers are then invalid. There is
// one atomic word for each of CHANGE_SLOTS groups of names: monotonic seconds of the last change
// plus one, 0 for none. The group is chosen by hash. A change of one name costs the other names of
// its group a cache miss, and nothing else. Names that may change all at once have the upper half
// of the groups for themselves.
//
// Order: main publishes the new records first and marks the change then. An answer that was asked
// for in the second of the mark, or before it, counts as older, so what a shard may have read
// before the change is never served after it.

/** Group 0 is of names that nothing here can change; it is never marked. */
export const CHANGE_SLOTS = 16_384
/** The first group of names that may change all at once. */
const FIRST_WHOLE = CHANGE_SLOTS / 2

/** Where the board lies: CHANGE_SLOTS words of shared memory that begin at `offset`. */
export interface InvalidationBoard {
  readonly words: Int32Array
  readonly offset: number
}

/**
 * Group of a name's bytes (wire form, lower case), which begin at `bytes[start]`. `isWhole`: of a
 * name that may change with all others of its sort.
 */
export const changeSlotOf = (
  bytes: Uint8Array,
  start: number,
  end: number,
  isWhole: boolean,
): number => {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  hash ^= hash >>> 15
  return isWhole
    ? FIRST_WHOLE + ((hash >>> 0) % FIRST_WHOLE)
    : 1 + ((hash >>> 0) % (FIRST_WHOLE - 1))
}

/** Main only. */
export const markChange = (
  { words, offset }: InvalidationBoard,
  slot: number,
  nowSeconds: number,
): void => {
  Atomics.store(words, offset + slot, nowSeconds + 1)
}

/** Main only: every name may have changed. */
export const markAllChanged = ({ words, offset }: InvalidationBoard, nowSeconds: number): void => {
  for (let slot = 1; slot < CHANGE_SLOTS; slot++)
    Atomics.store(words, offset + slot, nowSeconds + 1)
}

/** Main only: every name that may change with all others may have changed. */
export const markWholeChanged = (
  { words, offset }: InvalidationBoard,
  nowSeconds: number,
): void => {
  for (let slot = FIRST_WHOLE; slot < CHANGE_SLOTS; slot++)
    Atomics.store(words, offset + slot, nowSeconds + 1)
}

/**
 * Whether the group has changed since an answer was asked for at `askedSeconds`, or in that second.
 */
export const hasChangedSince = (
  { words, offset }: InvalidationBoard,
  slot: number,
  askedSeconds: number,
): boolean => words[offset + slot]! > askedSeconds
