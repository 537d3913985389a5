// Memory of a process as the kernel counts it.

import { readFileSync } from 'node:fs'

export interface MemoryUse {
  readonly rssMiB: number
  /** The most it has been since its start. */
  readonly peakMiB: number
}

export const readMemory = (pid: number): MemoryUse => {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const mib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024
  return { rssMiB: mib('VmRSS'), peakMiB: mib('VmHWM') }
}
