// Reads imports from the real file system.

import { lstatSync, readdirSync, statSync } from 'node:fs'
import { openErrorText, readTextFile } from '../../base/files/text-file.ts'
import type { Loader } from '../../corefile/parse/loader.ts'

const kindOf = (path: string): 'file' | 'directory' | undefined => {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats !== undefined) return stats.isDirectory() ? 'directory' : 'file'
  return lstatSync(path, { throwIfNoEntry: false }) === undefined ? undefined : 'file'
}

/** Regular files up to 16 MiB; pipes and devices are refused, since reading them may never end. */
export const fileLoader: Loader = {
  readFile(path) {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats !== undefined && !stats.isFile() && !stats.isDirectory()) {
      throw new Error(openErrorText(path, new Error('not a regular file')))
    }
    return readTextFile(path)
  },
  kindOf(path) {
    try {
      return kindOf(path)
    } catch {
      // Not reachable (a folder without permission, a file as a folder, a NUL in the name) is the
      // same as not there for a pattern.
      return undefined
    }
  },
  listDir(path) {
    try {
      return readdirSync(path)
    } catch {
      // Go's filepath.Glob ignores what it cannot read.
      return []
    }
  },
}
