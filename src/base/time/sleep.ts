// Sleep that blocks the thread, for the moments when there is no event loop to go back to: the
// program is about to exit, or has not begun.

/** Atomics.wait takes shared memory only. This word is shared with nobody, so nobody wakes us. */
const never = new Int32Array(new SharedArrayBuffer(4))

export const sleep = (ms: number): void => {
  Atomics.wait(never, 0, 0, ms)
}
