// Which CPU does what: servers on one, the load (dnsperf, the upstream, this suite) on another.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { findProgram } from './programs.ts'

export interface Pins {
  /** For servers, in the order in which their threads get them. */
  readonly servers: readonly number[]
  readonly load: number
  /** All CPUs that this process may use. */
  readonly all: readonly number[]
}

/** Reads a list such as `0-3,6`. */
export const parseCpuList = (text: string): number[] =>
  text
    .trim()
    .split(',')
    .flatMap(part => {
      const [first = 0, last = first] = part.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, n) => first + n)
    })

export const readPins = (): Pins => {
  const list =
    /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  const all = parseCpuList(list)
  const [server = 0, load = server, ...rest] = all
  return { servers: [server, ...rest], load, all }
}

/** CPUs for a server of so many threads: shares the load's only when there are too few. */
export const cpusFor = (pins: Pins, threads: number): readonly number[] =>
  threads <= pins.servers.length ? pins.servers.slice(0, threads) : pins.all

export const pinned = (cpus: readonly number[], command: readonly string[]): readonly string[] =>
  findProgram('taskset') === undefined ? command : ['taskset', '-c', cpus.join(','), ...command]

/**
 * Moves all threads of this process: what it does between measurements, and its small client,
 * belong to the load.
 */
export const pinSelf = (pins: Pins): void => {
  if (findProgram('taskset') !== undefined)
    spawnSync('taskset', ['-acp', String(pins.load), String(process.pid)])
}
