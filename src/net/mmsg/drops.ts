// How many datagrams the kernel has dropped because a socket's receive buffer was full: the last column of /proc/net/udp and udp6, by inode.

import { readFileSync, readlinkSync } from 'node:fs'

const TABLES = ['/proc/self/net/udp', '/proc/self/net/udp6']
/** Columns of a line; the inode is the tenth, the drops the last. */
const INODE = 9
const DROPS = 12

/** Since each socket was opened, summed up; 0 where the system does not tell. */
export const receiveDrops = (fds: readonly number[]): number => {
  const inodes = new Set(fds.map(inodeOf))
  let drops = 0
  for (const line of TABLES.flatMap(linesOf)) {
    const columns = line.trim().split(/\s+/)
    if (inodes.has(columns[INODE])) drops += Number(columns[DROPS])
  }
  return drops
}

const inodeOf = (fd: number): string | undefined => {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1]
  } catch {
    // Closed meanwhile, or no /proc.
    return undefined
  }
}

const linesOf = (path: string): string[] => {
  try {
    return readFileSync(path, 'latin1').split('\n').slice(1, -1)
  } catch {
    // No /proc, or no IPv6.
    return []
  }
}
