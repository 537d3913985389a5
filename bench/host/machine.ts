// What the figures were measured on.

import { cpus, loadavg, release, totalmem, type } from 'node:os'

export interface Machine {
  readonly kernel: string
  readonly cpu: string
  readonly cpuCount: number
  readonly memoryMiB: number
  readonly node: string
  /** Of the last minute: says whether others were at work. */
  readonly loadAverage: number
}

export const readMachine = (): Machine => ({
  kernel: `${type()} ${release()}`,
  cpu: cpus()[0]?.model ?? 'unknown',
  cpuCount: cpus().length,
  memoryMiB: Math.round(totalmem() / 2 ** 20),
  node: process.version,
  loadAverage: loadavg()[0] ?? 0,
})
