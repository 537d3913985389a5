// How many datagrams the kernel has dropped because a socket's receive buffer was full.

import { inodesOf, openPorts, ownInodes } from './proc-sockets.ts'

/** Since each socket was opened, summed up; 0 where the system does not tell. */
export const receiveDrops = (fds: readonly number[]): number => dropsOf(inodesOf(fds))

/** The same for the sockets that this process, in whichever thread, receives at on these ports. */
export const receiveDropsAt = (ports: ReadonlySet<number>): number => dropsOf(ownInodes(), ports)

const dropsOf = (inodes: ReadonlySet<string>, ports?: ReadonlySet<number>): number => {
  let sum = 0
  for (const { inode, port, drops } of openPorts('udp')) {
    if (inodes.has(inode) && ports?.has(port) !== false) sum += drops
  }
  return sum
}
