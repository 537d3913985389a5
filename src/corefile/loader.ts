// How imports reach files. The parser knows only the interface; `fileLoader` is the real file system.

import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { getSystemErrorMessage } from 'node:util'

export interface Loader {
  /** The file as text. Throws an Error that says why not, such as `open /a/b: permission denied`. */
  readFile(path: string): string
  /** Undefined if there is nothing at that path. A broken link is a file. */
  kindOf(path: string): 'file' | 'directory' | undefined
  /** Names in a folder, in any order; none if it cannot be read. */
  listDir(path: string): string[]
}

const FILE_BYTES = 16 * 1024 * 1024

const hasErrno = (error: unknown): error is { readonly errno: number } =>
  error instanceof Error && 'errno' in error && typeof error.errno === 'number'

/** `open PATH: no such file or directory`, as Go words it. */
export const openErrorText = (path: string, error: unknown): string => {
  if (hasErrno(error)) return `open ${path}: ${getSystemErrorMessage(error.errno)}`
  return `open ${path}: ${error instanceof Error ? error.message : String(error)}`
}

const readRegularFile = (path: string): string => {
  const stats = statSync(path)
  if (!stats.isFile()) throw new Error('not a regular file')
  if (stats.size > FILE_BYTES) throw new Error(`larger than ${FILE_BYTES} bytes`)
  return readFileSync(path, 'utf8')
}

const kindOf = (path: string): 'file' | 'directory' | undefined => {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats !== undefined) return stats.isDirectory() ? 'directory' : 'file'
  return lstatSync(path, { throwIfNoEntry: false }) === undefined ? undefined : 'file'
}

/** Regular files up to 16 MiB; pipes and devices are refused, since reading them may never end. */
export const fileLoader: Loader = {
  readFile(path) {
    try {
      return readRegularFile(path)
    } catch (error) {
      throw new Error(openErrorText(path, error), { cause: error })
    }
  },
  kindOf(path) {
    try {
      return kindOf(path)
    } catch {
      // Not reachable (a folder without permission, a file as a folder, a NUL in the name) is the same as not there for a pattern.
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
