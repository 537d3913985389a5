// What V8's compilers hold. Its middle one (Maglev) compiles on other threads, and frees there what
// it took for a function, but not before all functions that wait are compiled. A load that begins
// suddenly makes hundreds of them hot at once: tens of MiB.

import { flushCompileCache } from 'node:module'

/** Older ones may not know the flag, and would say so on standard error. */
const FIRST_MEASURED_V8 = 14
const isKnownTo = (v8Version: string): boolean =>
  Number.parseInt(v8Version, 10) >= FIRST_MEASURED_V8

const FREES_SOON = '--no-maglev-destroy-on-background'
const FREES_LATER = '--maglev-destroy-on-background'

/**
 * From here on the thread that a function was compiled for frees what it took, as soon as it has
 * the code. For all threads; to be called once the program is loaded: V8 does not take code from a
 * cache that was written under other flags, nor what Node brings along.
 */
export const freeCompiledSoon = (v8Version = process.versions.v8): void => {
  if (isKnownTo(v8Version)) process.getBuiltinModule('node:v8').setFlagsFromString(FREES_SOON)
}

/** Runs what writes code for the next start as if `freeCompiledSoon` had not been called. */
export const asAtStart = (write: () => void, v8Version = process.versions.v8): void => {
  if (!isKnownTo(v8Version)) {
    write()
    return
  }
  const { cachedDataVersionTag, setFlagsFromString } = process.getBuiltinModule('node:v8')
  // The flag is the process's, and another thread may have set it. Only the tag of cached code
  // tells.
  const tag = cachedDataVersionTag()
  setFlagsFromString(FREES_LATER)
  const wasSet = cachedDataVersionTag() !== tag
  write()
  if (wasSet) setFlagsFromString(FREES_SOON)
}

/** By then a server has started, and answered its first queries as fast as it can. */
const FLUSH_MS = 3500

/**
 * Writes soon what this thread has compiled and not found in the compile cache. Node does so at its
 * end, which a server may meet by a signal.
 */
export const flushCompiled = (): void =>
  void setTimeout(() => asAtStart(flushCompileCache), FLUSH_MS).unref()
