// Makes all memory that threads share: no other file makes a SharedArrayBuffer.
// docs/shared-memory.md has every caller with what it makes; test/repository.test.ts compares.

/** Zeroed. With `mostBytes` it can grow to that size, which is reserved and not yet used. */
export const sharedBuffer = (bytes: number, mostBytes?: number): SharedArrayBuffer =>
  mostBytes === undefined
    ? new SharedArrayBuffer(bytes)
    : new SharedArrayBuffer(bytes, { maxByteLength: mostBytes })

/** So many zeroed 32-bit words. */
export const sharedWords = (count: number): Int32Array<SharedArrayBuffer> =>
  new Int32Array(sharedBuffer(count * 4))
