// How often the threads of a process went to sleep by themselves: once for each time that they were
// woken.

import { readdirSync, readFileSync } from 'node:fs'
import { withChildren } from './processes.ts'

/** Of the process and its children, since their starts. */
export const readWakes = (pid: number): number =>
  withChildren(pid)
    .flatMap(each => readdirSync(`/proc/${each}/task`).map(tid => sleepsOf(each, tid)))
    .reduce((sum, sleeps) => sum + sleeps, 0)

/** None for a thread that ended just now. */
const sleepsOf = (pid: number, tid: string): number => {
  try {
    return sleepsIn(readFileSync(`/proc/${pid}/task/${tid}/status`, 'latin1'))
  } catch {
    return 0
  }
}

export const sleepsIn = (status: string): number =>
  Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1] ?? 0)
