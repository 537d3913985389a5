// By which number the kernel knows the thread that asks.

import { readlinkSync } from 'node:fs'

/**
 * The number under /proc/self/task; undefined where there is no such thing. Synchronous: an answer
 * of another thread would be of that one.
 */
export const threadNumber = (): number | undefined => {
  try {
    const number = /\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self'))?.[1]
    return number === undefined ? undefined : Number(number)
  } catch {
    return undefined
  }
}
