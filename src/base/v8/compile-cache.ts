// Node's compile cache: what the engine has made of each file, kept on the disk by the file's
// content, so that the next start need not read it again; in a checkout also what is left of a file
// without its types. It lies among the program's own files: who can write there can change the
// program anyway. A folder that others may write to, such as /tmp, would let them run code in here.

import { statSync } from 'node:fs'
import { constants, enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { isFromSource, packageFolder } from '../program.ts'

const FOLDER = isFromSource ? 'node_modules/.cache/shardns' : 'dist/.cache'

/**
 * To be called before the program is loaded; threads that are started later do the same. The
 * operator's own NODE_COMPILE_CACHE comes first. Where the folder cannot be written, or is another
 * user's, nothing is kept.
 */
export const keepCompiled = (): void => {
  if (process.env.NODE_COMPILE_CACHE !== undefined) return
  const folder = join(packageFolder(), FOLDER)
  if (isOthers(packageFolder())) return
  // Threads read it when they start.
  if (enableCompileCache(folder).status === constants.compileCacheStatus.ENABLED)
    process.env.NODE_COMPILE_CACHE = folder
}

/** Root may write everywhere, but whoever installed the package could not remove its files. */
const isOthers = (folder: string): boolean =>
  process.geteuid?.() === 0 && statSync(folder, { throwIfNoEntry: false })?.uid !== 0
