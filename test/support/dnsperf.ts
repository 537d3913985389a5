// dnsperf at a bounded rate against a server on loopback: it never asks again, so what it calls
// lost was lost on the first try.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cleanup, temporaryFolder, WatchedProcess, without } from './server-process.ts'

/**
 * Under way at most: while a shard is being replaced, its receive buffer must hold them all, at
 * 1280 bytes each.
 */
const OUTSTANDING = 5000
const BUFFER_BYTES = 4 * 1024 * 1024

/** For the `skip` of a test: false, or why load cannot be had here. */
export const withoutLoad = (): false | string => {
  if (process.platform !== 'linux') return 'not Linux'
  const granted = Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8'))
  if (granted < BUFFER_BYTES)
    return `net.core.rmem_max is ${granted}: too little for what waits while a shard is replaced`
  return without('dnsperf')
}

export interface LoadResult {
  readonly completed: number
  readonly lost: number
  readonly report: string
}

export interface LoadSetting {
  readonly port: number
  readonly names: readonly string[]
  readonly perSecond: number
  readonly seconds: number
  /** After which a query is lost; 5 if absent. */
  readonly patienceSeconds?: number
}

/** Asks for A records of the names, over and over, for so many seconds. */
async function load(
  t: Cleanup,
  { port, names, perSecond, seconds, patienceSeconds = 5 }: LoadSetting,
): Promise<LoadResult> {
  const file = join(temporaryFolder(t), 'queries')
  writeFileSync(file, names.map(name => `${name} A\n`).join(''))
  // A successor answers in one go what has gathered: dnsperf's own buffers must hold it.
  const bounds = [
    '-l',
    seconds,
    '-Q',
    perSecond,
    '-q',
    OUTSTANDING,
    '-c',
    4,
    '-b',
    BUFFER_BYTES / 1024,
    '-t',
    patienceSeconds,
  ]
  const args = ['-s', '127.0.0.1', '-p', port, '-d', file, ...bounds, '-W']
  const child = new WatchedProcess(t, 'dnsperf', args.map(String))
  const number = (label: string): number =>
    Number(new RegExp(`${label}: +(\\d+)`).exec(child.out)?.[1] ?? Number.NaN)
  await child.exited
  return {
    completed: number('Queries completed'),
    lost: number('Queries lost'),
    report: child.out + child.err,
  }
}

/** Loads of so many seconds, one after the other, until `done` settles; rejects as it does. */
export async function loadUntil(
  t: Cleanup,
  setting: LoadSetting,
  done: Promise<unknown>,
): Promise<LoadResult> {
  let isDone = false
  const settled = Promise.allSettled([done]).then(() => void (isDone = true))
  const total = { completed: 0, lost: 0, report: '' }
  while (!isDone) {
    const { completed, lost, report } = await load(t, setting)
    total.completed += completed
    total.lost += lost
    total.report += report
  }
  await settled
  await done
  return total
}
