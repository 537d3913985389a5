// Run from the checkout, Node strips the types of each file in each thread: half of the start's
// time, and 30 MiB for the stripper. Node's compile cache keeps the result next to the
// dependencies, keyed by the content of each file. The package is JavaScript and writes nothing.

import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

/**
 * To be called before the program is loaded. Threads started later do the same. The operator's own
 * NODE_COMPILE_CACHE comes first.
 */
export const keepStrippedFiles = (): void => {
  if (!import.meta.url.endsWith('.ts') || process.env.NODE_COMPILE_CACHE !== undefined) return
  const folder = fileURLToPath(new URL('../../node_modules/.cache/shardns', import.meta.url))
  enableCompileCache(folder)
  // Threads read it when they start.
  process.env.NODE_COMPILE_CACHE = folder
}
