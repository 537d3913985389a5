// Loaded first by each thread that begins in a folder which has been deleted
// (base/files/working-folder.ts): Node asks where it is, gets an error, and ends the thread.

'use strict'

const { cwd } = process

process.cwd = () => {
  try {
    return cwd()
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    return '/'
  }
}
