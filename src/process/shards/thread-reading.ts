// The kernel's data on one thread of this process: its processor time, and whether it waits. Linux
// only.

import { readFileSync } from 'node:fs'

export interface ThreadReading {
  /** User and system time since the thread's start. */
  readonly cpuMs: number
  /**
   * True if it waits, for input or a lock for example. False if it runs, or waits only for a
   * processor.
   */
  readonly isWaiting: boolean
}

/** A clock tick of /proc: USER_HZ is 100 wherever Node runs. */
const TICK_MS = 10
/** Fields of /proc/PID/task/TID/stat behind the name in parentheses. */
const STATE = 0
const UTIME = 11
const STIME = 12

/** Undefined if the number is not known, there is no /proc, or the thread has ended. */
export const readThread = (threadNumber: number | undefined): ThreadReading | undefined => {
  if (threadNumber === undefined) return undefined
  try {
    return parseThreadStat(readFileSync(`/proc/self/task/${threadNumber}/stat`, 'latin1'))
  } catch {
    return undefined
  }
}

/**
 * The name may contain parentheses and spaces: fields are counted from the last closing
 * parenthesis.
 */
export const parseThreadStat = (stat: string): ThreadReading | undefined => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const cpuMs = (Number(fields[UTIME]) + Number(fields[STIME])) * TICK_MS
  const state = fields[STATE] ?? ''
  return Number.isFinite(cpuMs) ? { cpuMs, isWaiting: state === 'S' || state === 'D' } : undefined
}
