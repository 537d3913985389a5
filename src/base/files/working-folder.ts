// The folder that the process runs in. It may have been deleted: relative paths lead nowhere then,
// Node gives an error for the folder itself, and no thread begins without help.

import { realpathSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { packageFolder } from '../program.ts'
import { codeOf } from './errno.ts'

/** Behind the name of what has a relative path. */
export const FOLDER_IS_GONE = 'the working folder is gone: give an absolute path'

export const isFolderLost = (): boolean => {
  try {
    // process.cwd() says what it once was.
    realpathSync.native('.')
    return false
  } catch (error) {
    return codeOf(error) === 'ENOENT'
  }
}

/** Whether the path begins at a folder that is gone. */
export const isPathLost = (path: string): boolean => !isAbsolute(path) && isFolderLost()

/** The absolute path; a relative one stays as it is where the folder is gone. */
export const absolutePath = (path: string): string => (isPathLost(path) ? path : resolve(path))

/** Throws a sentence where it is gone. */
export const workingFolder = (): string => {
  if (isFolderLost()) throw new Error(FOLDER_IS_GONE)
  return process.cwd()
}

/**
 * Options of a thread that begins now, in whatever folder. Where that is gone the thread has the
 * flags of this process no more: Node takes only some of them by name.
 */
export const threadOptions = (): { readonly execArgv?: string[] } =>
  isFolderLost() ? { execArgv: ['--require', join(packageFolder(), 'src/lost-folder.cjs')] } : {}
