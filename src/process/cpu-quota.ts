// The CPU limit of the process, from its control groups: a container with a limit of 100m on a node
// with 64 CPUs may run on all of them, a tenth of a second in each second. Node's own
// availableParallelism() asks for the quota too, but misses it where the cpu controller of cgroup
// v1 is mounted under another name or another path than it expects.

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The text of a file; undefined if it cannot be read. */
export type ReadText = (path: string) => string | undefined

const ROOT = '/sys/fs/cgroup'

/**
 * CPU seconds per second: the smallest limit of all groups that the process is in; undefined
 * without a limit.
 */
export const cpuQuota = (read: ReadText = readText): number | undefined => {
  const quotas: number[] = []
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const [, id, controllers = '', path = '/'] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? []
    if (id === undefined) continue
    if (id === '0' && controllers === '')
      quotas.push(
        ...quotasOf([ROOT, join(ROOT, 'unified')], path, folder => quotaOfV2(read, folder)),
      )
    else if (controllers.split(',').includes('cpu')) {
      quotas.push(
        ...quotasOf([join(ROOT, controllers), join(ROOT, 'cpu')], path, folder =>
          quotaOfV1(read, folder),
        ),
      )
    }
  }
  return quotas.length === 0 ? undefined : Math.min(...quotas)
}

const readText: ReadText = path => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Not Linux, or no such controller.
    return undefined
  }
}

/**
 * A group's limit also holds for all groups below it. In a container the path may be the host's,
 * while the container sees its own group as the root. So a folder that is missing is skipped, and
 * the root is always read.
 */
const quotasOf = (
  mounts: readonly string[],
  path: string,
  quotaOf: (folder: string) => number | undefined,
): number[] =>
  mounts.flatMap(mount => foldersOf(path).flatMap(folder => quotaOf(join(mount, folder)) ?? []))

const foldersOf = (path: string): string[] =>
  path === '/' ? ['/'] : [path, ...foldersOf(dirname(path))]

/** `max 100000`, or `QUOTA PERIOD` in microseconds. */
const quotaOfV2 = (read: ReadText, folder: string): number | undefined => {
  const [quota, period] = (read(join(folder, 'cpu.max')) ?? '').trim().split(' ').map(Number)
  return share(quota, period)
}

/** -1 is no limit. */
const quotaOfV1 = (read: ReadText, folder: string): number | undefined =>
  share(
    Number(read(join(folder, 'cpu.cfs_quota_us')) ?? ''),
    Number(read(join(folder, 'cpu.cfs_period_us')) ?? ''),
  )

const share = (quota = 0, period = 0): number | undefined =>
  quota > 0 && period > 0 ? quota / period : undefined
