// Writing a file anew so that whoever reads it meanwhile sees the old text or the new one, and a
// full disk or a death leaves the old one.

import { randomBytes } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { pathErrorText } from './errno.ts'

/**
 * Puts a text in the place of a file that is there, through a file beside it, which takes over the
 * mode. A symbolic link stays, and what it leads to is replaced. Throws an Error of one sentence.
 */
export const replaceFile = (path: string, text: string): void => {
  try {
    const target = realpathSync(path)
    const stats = statSync(target)
    if (!stats.isFile()) throw new Error('not a regular file')
    // To put another file in its place asks nothing of the file itself.
    accessSync(target, constants.W_OK)
    const beside = join(
      dirname(target),
      `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`,
    )
    try {
      const descriptor = openSync(beside, 'wx', 0o600)
      try {
        writeFileSync(descriptor, text)
        // Everybody else's new file is his own, as with an editor.
        if (process.getuid?.() === 0) fchownSync(descriptor, stats.uid, stats.gid)
        fchmodSync(descriptor, stats.mode & 0o7777)
        fsyncSync(descriptor)
      } finally {
        closeSync(descriptor)
      }
      renameSync(beside, target)
    } catch (error) {
      rmSync(beside, { force: true })
      throw error
    }
  } catch (error) {
    throw new Error(pathErrorText('write', path, error), { cause: error })
  }
}
