// Whose sockets stand in the way of a listener: looked for once it has failed. A process sees the
// sockets of other users, but not whose they are.

import { readdirSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { ipToText } from '../base/ip.ts'
import { type ListenAddress, listenText } from './engine.ts'
import { openPorts, type Protocol } from './proc-sockets.ts'
import { overlaps } from './shared-ports.ts'

export interface PortHolder {
  /** `127.0.0.53:53` */
  readonly at: string
  /** Undefined where that may not be seen. */
  readonly process: { readonly pid: number; readonly name: string } | undefined
}

/** None where the system does not tell. Several processes may share a socket: one is named. */
export const portHolders = (protocol: Protocol, place: ListenAddress): PortHolder[] => {
  const open = openPorts(protocol).filter(
    other => other.port === place.port && overlaps(place.address, other.address),
  )
  if (open.length === 0) return []
  const owners = ownersOf(new Set(open.map(({ inode }) => inode)))
  return open.map(({ address, port, inode }) => ({
    at: listenText({ address: ipToText(address), port }),
    process: owners.get(inode),
  }))
}

const ownersOf = (inodes: ReadonlySet<string>): Map<string, PortHolder['process']> => {
  const owners = new Map<string, PortHolder['process']>()
  for (const pid of namesIn('/proc').filter(name => /^\d+$/.test(name))) {
    if (owners.size === inodes.size) break
    for (const fd of namesIn(`/proc/${pid}/fd`)) {
      const inode = inodeOf(`/proc/${pid}/fd/${fd}`)
      if (inode !== undefined && inodes.has(inode) && !owners.has(inode))
        owners.set(inode, { pid: Number(pid), name: nameOf(pid) })
    }
  }
  return owners
}

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder)
  } catch {
    // Somebody else's, or gone meanwhile.
    return []
  }
}

const inodeOf = (path: string): string | undefined => {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1]
  } catch {
    // Closed meanwhile.
    return undefined
  }
}

/** Of the program, which whoever runs it may have called anything. */
const nameOf = (pid: string): string => {
  try {
    const path = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '')
    return basename(path).replaceAll(/\p{C}/gu, '?')
  } catch {
    // Gone meanwhile.
    return 'an unknown program'
  }
}
