// A control group with little CPU and memory, as a pod's limits make one: of cgroup v2 where that
// has both controllers, else of v1. Whoever may not make one is told why.

import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { atExit } from './cleanup.ts'

export interface Limits {
  /** Of one CPU: 0.1 is `100m`. */
  readonly cpus: number
  readonly memoryMiB: number
}

export interface LimitGroup {
  /** A command that becomes the given one, within the group. */
  readonly inside: (command: readonly string[]) => readonly string[]
  close(): void
}

/** As Kubernetes sets it. */
const PERIOD_US = 100_000
const PROCESSES = 'cgroup.procs'

export interface Hierarchies {
  readonly version: 1 | 2
  /** Folders; the same one in v2. */
  readonly cpu: string
  readonly memory: string
}

interface Mount {
  readonly folder: string
  readonly kind: string
  readonly options: readonly string[]
}

const mountsOf = (text: string): Mount[] =>
  text.split('\n').flatMap(line => {
    const [, folder = '', kind = '', options = ''] = line.split(' ')
    return kind.startsWith('cgroup') ? [{ folder, kind, options: options.split(',') }] : []
  })

/**
 * Where control groups are made. `mounts` is /proc/mounts; `read` gives a file's text, '' if it is
 * not there. Undefined if no hierarchy hands out both CPU time and memory.
 */
export const hierarchies = (
  mounts: string,
  read: (path: string) => string,
): Hierarchies | undefined => {
  const all = mountsOf(mounts)
  const unified = all.find(({ folder, kind }) => {
    const given = read(join(folder, 'cgroup.subtree_control')).trim().split(' ')
    return kind === 'cgroup2' && given.includes('cpu') && given.includes('memory')
  })
  if (unified !== undefined) return { version: 2, cpu: unified.folder, memory: unified.folder }
  const [cpu, memory] = ['cpu', 'memory'].map(
    controller =>
      all.find(({ kind, options }) => kind === 'cgroup' && options.includes(controller))?.folder,
  )
  return cpu === undefined || memory === undefined ? undefined : { version: 1, cpu, memory }
}

/** Files and what is written to them. */
export const settingsOf = (
  { version, cpu, memory }: Hierarchies,
  name: string,
  { cpus, memoryMiB }: Limits,
): (readonly [string, string])[] => {
  const quota = Math.round(cpus * PERIOD_US)
  const bytes = String(memoryMiB * 2 ** 20)
  return version === 2
    ? [
        [join(cpu, name, 'cpu.max'), `${quota} ${PERIOD_US}`],
        [join(memory, name, 'memory.max'), bytes],
      ]
    : [
        [join(cpu, name, 'cpu.cfs_period_us'), String(PERIOD_US)],
        [join(cpu, name, 'cpu.cfs_quota_us'), String(quota)],
        [join(memory, name, 'memory.limit_in_bytes'), bytes],
      ]
}

const readIfThere = (path: string): string => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

let lastGroup = 0

/** Throws with the reason if that cannot be done here. */
export const openLimits = (limits: Limits): LimitGroup => {
  const found = hierarchies(readIfThere('/proc/mounts'), readIfThere)
  if (found === undefined) throw new Error('no control groups that limit CPU time and memory')
  const name = `shardns-bench-${process.pid}-${lastGroup++}`
  const folders = [...new Set([found.cpu, found.memory])].map(parent => join(parent, name))
  const remove = (): void => {
    for (const folder of folders) {
      try {
        rmdirSync(folder)
      } catch {
        // It is not there, or a process in it is still ending.
      }
    }
  }
  try {
    for (const folder of folders) mkdirSync(folder)
    for (const [path, text] of settingsOf(found, name, limits)) writeFileSync(path, text)
  } catch (error) {
    remove()
    throw new Error(`control groups cannot be made: ${(error as Error).message}`)
  }
  const forget = atExit(remove)
  const lists = folders.map(folder => join(folder, PROCESSES))
  return {
    inside: command => [
      ...[
        'sh',
        '-c',
        'for list in "$@"; do shift; [ "$list" = -- ] && break; echo $$ >"$list"; done; exec "$@"',
      ],
      ...['sh', ...lists, '--', ...command],
    ],
    close: () => {
      remove()
      forget()
    },
  }
}
