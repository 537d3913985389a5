// Somebody may well remove the folder that a server is started in, before that or weeks later.

import { isFolderLost } from '../base/files/working-folder.ts'
import type { Logger } from '../log/logger.ts'

/** Moves this process to `/` where its working folder is gone, and says so. */
export const leaveLostFolder = (log: Pick<Logger, 'warning'>): void => {
  if (!isFolderLost()) return
  process.chdir('/')
  log.warning('the working folder is gone: relative paths begin at / from now on')
}
