// Every interleaving of two operations in which the second runs as a whole inside the first, and
// every death of the first: real code, one thread. Something happens just before the n-th atomic
// access of an operation, for each n until the operation has no more.

const NAMES = ['load', 'store', 'add', 'sub', 'compareExchange'] as const
/** More atomic accesses than any operation here makes. */
const LIMIT = 2000

type Access = (words: Int32Array, index: number, ...values: number[]) => number

/** Thrown to stop an operation dead. */
export class Death extends Error {}

/** Runs `operation` with `beforeAccess` before each atomic access, also before those of its own. */
export const beforeEachAccess = (beforeAccess: () => void, operation: () => void): void => {
  const atomics = Atomics as unknown as Record<string, Access>
  const originals = NAMES.map(name => [name, atomics[name] as Access] as const)
  for (const [name, original] of originals) {
    atomics[name] = (words, index, ...values) => {
      beforeAccess()
      return original(words, index, ...values)
    }
  }
  try {
    operation()
  } finally {
    for (const [name, original] of originals) atomics[name] = original
  }
}

/** Runs `operation` with `meanwhile` before its n-th atomic access; false if it made fewer. */
export const interleaveAt = (n: number, operation: () => void, meanwhile: () => void): boolean => {
  let count = 0
  try {
    beforeEachAccess(() => {
      if (++count === n) meanwhile()
    }, operation)
  } catch (error) {
    if (!(error instanceof Death)) throw error
  }
  return count >= n
}

/**
 * For each n: makes a new world, runs its operation with what happens meanwhile before the n-th
 * atomic access, then checks. Returns how many interleavings there were.
 */
export function interleave(
  makeWorld: () => { operation(): void; meanwhile(): void; check(n: number): void },
): number {
  for (let n = 1; n < LIMIT; n++) {
    const { operation, meanwhile, check } = makeWorld()
    if (!interleaveAt(n, operation, meanwhile)) return n - 1
    check(n)
  }
  throw new Error(`more than ${LIMIT} atomic accesses`)
}
