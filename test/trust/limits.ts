// Limits on a child process: memory in a control group (v1 or v2) where one can be made, CPU
// likewise or by stopping it for most of each period.

import { spawnSync } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { temporaryFolder } from '../support/server-process.ts'
import type { World } from './world.ts'

export const MIB = 2 ** 20
/** The memory limit of the stock CoreDNS Deployment. */
export const STOCK_BYTES = 170 * MIB
/**
 * Where no group can be made the server is not told of a limit, and takes more: then only growth
 * without bound can be seen.
 */
const UNTOLD = 2.5

const MOUNT = '/sys/fs/cgroup'
const PERIOD_US = 100_000
/** A group may be removed once the kernel has buried its last process. */
const REMOVALS = 50

type Controller = 'memory' | 'cpu'

interface Group {
  readonly folder: string
  readonly version: 1 | 2
}

const ownPath = (controller: string): string => {
  const line = readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .find(
      text =>
        text.split(':')[1]?.split(',').includes(controller) ||
        (controller === '' && text.startsWith('0::')),
    )
  return line?.split(':').slice(2).join(':') ?? '/'
}

/** Where a group might be made: below our own, else at the top. */
const parents = (controller: Controller): Group[] => [
  ...[ownPath(controller), '/'].map(path => ({
    folder: join(MOUNT, controller, path),
    version: 1 as const,
  })),
  ...[ownPath(''), '/'].map(path => ({ folder: join(MOUNT, path), version: 2 as const })),
]

const LIMIT_FILES = {
  memory: { 1: 'memory.limit_in_bytes', 2: 'memory.max' },
  cpu: { 1: 'cpu.cfs_quota_us', 2: 'cpu.max' },
} as const

let made = 0

const makeGroup = (
  world: World,
  controller: Controller,
  limit: (version: 1 | 2) => string,
): Group | undefined => {
  for (const { folder: parent, version } of parents(controller)) {
    const folder = join(parent, `shardns-trust-${process.pid}-${made++}`)
    try {
      mkdirSync(folder)
    } catch {
      // Not root, or no such hierarchy.
      continue
    }
    world.atLast(() => removeGroup(folder))
    try {
      writeFileSync(join(folder, LIMIT_FILES[controller][version]), limit(version))
      if (takesProcesses(folder)) return { folder, version }
    } catch {
      // A controller that is not handed down to this place.
    }
  }
  return undefined
}

/** A group may be ours to make and not to use. */
const takesProcesses = (folder: string): boolean =>
  spawnSync('sh', ['-c', 'echo $$ > "$0"', join(folder, 'cgroup.procs')], { stdio: 'ignore' })
    .status === 0

const removeGroup = async (folder: string): Promise<void> => {
  for (let n = 0; n < REMOVALS && existsSync(folder); n++) {
    try {
      rmdirSync(folder)
    } catch {
      await pause(100)
    }
  }
}

export interface MemoryLimit {
  /** What to put before a command so that it runs within. */
  readonly inside: readonly string[]
  /** How the limit is kept, in words. */
  readonly how: string
  /** More than this is a fault by itself; infinite where the kernel sees to it. */
  readonly mostBytes: number
  /** Pages of files that count, undefined where nothing is counted. */
  fileBytes(): number | undefined
  /** Processes that the kernel has killed for it. */
  kills(): number
}

const UNCOUNTED = { inside: [], fileBytes: () => undefined, kills: () => 0 }

export const limitMemory = (world: World, bytes: number): MemoryLimit => {
  const mib = Math.round(bytes / MIB)
  if (!Number.isFinite(bytes)) return { ...UNCOUNTED, how: 'no limit', mostBytes: bytes }
  const group = makeGroup(world, 'memory', () => String(bytes))
  if (group === undefined) {
    const mostBytes = UNTOLD * bytes
    return {
      ...UNCOUNTED,
      how: `no control group: watched, ${Math.round(mostBytes / MIB)} MiB at most`,
      mostBytes,
    }
  }
  const events = join(group.folder, group.version === 1 ? 'memory.oom_control' : 'memory.events')
  const stat = join(group.folder, 'memory.stat')
  return {
    inside: ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(group.folder, 'cgroup.procs')],
    how: `memory cgroup v${group.version} of ${mib} MiB`,
    mostBytes: Number.POSITIVE_INFINITY,
    fileBytes: () => Number(/^(?:cache|file) (\d+)$/m.exec(readFileSync(stat, 'utf8'))?.[1] ?? 0),
    kills: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(events, 'utf8'))?.[1] ?? 0),
  }
}

/**
 * What to put before a command of Node, so that it runs a copy of which nothing is in memory yet:
 * pages of a file are charged to whoever is the first to read them. In a container, that is the
 * server.
 */
export const freshNode = (world: World): readonly string[] => {
  const path = join(temporaryFolder(world), 'node')
  copyFileSync(process.execPath, path)
  const file = openSync(path, 'r+')
  // What has not been written yet stays.
  fsyncSync(file)
  closeSync(file)
  try {
    writeFileSync('/proc/sys/vm/drop_caches', '1')
  } catch {
    // Not root, or not ours to write: the copy's pages are charged to the campaign.
  }
  return ['sh', '-c', 'shift && exec "$0" "$@"', path]
}

/** Gives a process that runs a share of one CPU from now on; says how. */
export const limitCpu = (world: World, pid: number, percent: number): string => {
  const quota = Math.round((PERIOD_US * percent) / 100)
  const group = makeGroup(world, 'cpu', version =>
    version === 1 ? String(quota) : `${quota} ${PERIOD_US}`,
  )
  if (group !== undefined) {
    writeFileSync(join(group.folder, 'cgroup.procs'), String(pid))
    return `cpu cgroup v${group.version}, ${10 * percent}m`
  }
  stopAndGo(world, pid, percent)
  return `SIGSTOP for ${100 - percent} % of each 100 ms`
}

const stopAndGo = (world: World, pid: number, percent: number): void => {
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(pid, name)
    } catch {
      // It has ended.
    }
  }
  const periodMs = PERIOD_US / 1000
  const timer = setInterval(() => {
    signal('SIGCONT')
    setTimeout(signal, (periodMs * percent) / 100, 'SIGSTOP')
  }, periodMs)
  world.after(() => {
    clearInterval(timer)
    signal('SIGCONT')
  })
}
