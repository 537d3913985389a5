// V8's collector, asked for when we know better than V8. It counts the bytes of typed arrays that
// outgrow its heap late: their garbage reaches 150 MiB in each thread before it looks, which a
// container with a memory limit does not have.

interface Collection {
  readonly type: 'major' | 'minor'
  readonly execution: 'sync'
  readonly flavor?: 'last-resort'
}

let gc: ((collection: Collection) => void) | undefined

const collect = (collection: Collection): void => {
  gc ??= findCollector()
  gc?.(collection)
}

/**
 * Not before it is needed: with what it loads, it is a tenth of a thread's start, and a shard that
 * rests for some seconds afterwards has to compile for its next load anew. The flag is the
 * process's: another thread that does the same may just be taking it back, and then there is no
 * collector until the next call.
 */
const findCollector = (): typeof gc => {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8')
  const { runInNewContext } = process.getBuiltinModule('node:vm')
  setFlagsFromString('--expose-gc')
  const found = runInNewContext('globalThis.gc') as typeof gc
  setFlagsFromString('--no-expose-gc')
  return found
}

/**
 * A full collection of this thread's heap, which also shrinks its young generation: some tens of
 * milliseconds. Not for a thread at rest that has compiled for a load: it would find that nobody
 * uses the shapes of queries, and throw the code for them away. For whoever makes garbage faster
 * than V8 expects: under a memory limit the heap must not grow to the multiple of its contents that
 * V8 finds cheapest.
 */
export const collectGarbage = (): void =>
  collect({ type: 'major', flavor: 'last-resort', execution: 'sync' })

/** Shorter messages cost little more than their objects, which V8 does count. */
const LARGE_BYTES = 4096
/**
 * A collection of the young generation takes 0.1 ms: after so many bytes it costs less than the
 * copying of them.
 */
const YOUNG_GARBAGE_BYTES = 3 * 1024 * 1024
let madeBytes = 0

/**
 * To be called for each message that becomes garbage soon, with the bytes of all its copies. Mostly
 * does nothing.
 */
export const passingBytes = (bytes: number): void => {
  if (bytes < LARGE_BYTES) return
  madeBytes += bytes
  if (madeBytes < YOUNG_GARBAGE_BYTES) return
  madeBytes = 0
  collect({ type: 'minor', execution: 'sync' })
}
