// The kernel's number of the calling thread.

import { readlinkSync } from 'node:fs'

/**
 * The number under /proc/self/task; undefined where it does not exist. Synchronous, since an
 * asynchronous read would run on another thread.
 */
export const threadNumber = (): number | undefined => {
  try {
    const number = /\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self'))?.[1]
    return number === undefined ? undefined : Number(number)
  } catch {
    return undefined
  }
}
