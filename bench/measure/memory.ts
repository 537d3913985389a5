// Memory of a process as the kernel counts it.

import { readFileSync } from 'node:fs'
import { withChildren } from './processes.ts'

export interface MemoryUse {
  readonly rssMiB: number
  /** The most it has been since its start. */
  readonly peakMiB: number
}

/** Of the process and its children; what they share counts once, but for the peak. */
export const readMemory = (pid: number): MemoryUse => {
  const all = withChildren(pid)
  if (all.length === 1) return readOne(pid)
  const peakMiB = all.reduce((sum, each) => sum + readOne(each).peakMiB, 0)
  return { rssMiB: all.reduce((sum, each) => sum + shareMiB(each), 0), peakMiB }
}

/** Pages of the process, those that others have too in equal parts. */
const shareMiB = (pid: number): number => {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')
  return Number(/^Pss:\s*(\d+) kB/m.exec(rollup)?.[1] ?? 0) / 1024
}

const readOne = (pid: number): MemoryUse => {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const mib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024
  return { rssMiB: mib('VmRSS'), peakMiB: mib('VmHWM') }
}
