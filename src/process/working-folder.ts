// No thread can begin in a folder that has been deleted: Node asks where it is. Somebody may well
// remove the folder that a server was started in, weeks before one of its shards dies.

import { realpathSync } from 'node:fs'
import type { Logger } from '../log/logger.ts'

/** Moves this process to `/` where its working folder is gone, and says so. */
export const leaveLostFolder = (log: Logger): void => {
  try {
    // process.cwd() says what it once was.
    realpathSync.native('.')
  } catch {
    process.chdir('/')
    log.warning('the working folder is gone: relative paths begin at / from now on')
  }
}
