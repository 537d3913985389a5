// What V8's compilers hold. Its middle one (Maglev) compiles on other threads, and frees there what
// it took for a function, but not before all functions that wait are compiled. A load that begins
// suddenly makes hundreds of them hot at once: tens of MiB.

/** Older ones may not know the flag, and would say so on standard error. */
const FIRST_MEASURED_V8 = 14

/**
 * From here on the thread that a function was compiled for frees what it took, as soon as it has
 * the code. For the process; to be called before the compile cache is opened, which belongs to the
 * flags of V8.
 */
export const freeCompiledSoon = (v8Version = process.versions.v8): void => {
  if (Number.parseInt(v8Version, 10) < FIRST_MEASURED_V8) return
  process.getBuiltinModule('node:v8').setFlagsFromString('--no-maglev-destroy-on-background')
}
