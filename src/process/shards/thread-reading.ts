// What the kernel says of one thread of this process: the processor time it has had, and whether it
// waits for something. Linux only.

import { readFileSync } from 'node:fs'

export interface ThreadReading {
  /** User and system time since the thread's start. */
  readonly cpuMs: number
  /**
   * It waits, for input or a lock, say. One that runs, or would if it had a processor, does not.
   */
  readonly isWaiting: boolean
}

/** A clock tick of /proc: USER_HZ is 100 wherever Node runs. */
const TICK_MS = 10
/** Fields of /proc/PID/task/TID/stat behind the name in parentheses. */
const STATE = 0
const UTIME = 11
const STIME = 12

/** Undefined where the number is not known, there is no /proc, or no such thread any more. */
export const readThread = (threadNumber: number | undefined): ThreadReading | undefined => {
  if (threadNumber === undefined) return undefined
  try {
    return parseThreadStat(readFileSync(`/proc/self/task/${threadNumber}/stat`, 'latin1'))
  } catch {
    return undefined
  }
}

/**
 * The name may hold anything, parentheses and spaces too: fields are counted from the last one that
 * closes.
 */
export const parseThreadStat = (stat: string): ThreadReading | undefined => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const cpuMs = (Number(fields[UTIME]) + Number(fields[STIME])) * TICK_MS
  const state = fields[STATE] ?? ''
  return Number.isFinite(cpuMs) ? { cpuMs, isWaiting: state === 'S' || state === 'D' } : undefined
}
