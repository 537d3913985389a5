// The sockets of this network namespace as Linux lists them in /proc/net: which of them are this
// process's, and how many datagrams the kernel dropped because a receive buffer was full. Where
// there is no /proc, or it may not be read, there are none.
//
//   /proc/net/udp:  sl  local  remote  st  tx:rx  tr:when  retrnsmt  uid  timeout  inode  ref
//                   pointer  drops       (tcp: as far as the inode)
//   addresses are hexadecimal: words of 32 bits as this machine stores them, then the port

import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { endianness } from 'node:os'
import { fromHex } from '../base/text/byte-text.ts'

const TABLES = { udp: ['udp', 'udp6'], tcp: ['tcp', 'tcp6'] } as const
const LOCAL = 1
const REMOTE = 2
const STATE = 3
const INODE = 9
const DROPS = 12
const STATE_LISTEN = '0A'

export type Protocol = keyof typeof TABLES

/**
 * A socket that takes whatever comes to its address: a TCP listener, or a UDP socket that is not
 * connected.
 */
export interface OpenPort {
  readonly protocol: Protocol
  /** 4 or 16 bytes; all zero for every address. IPv4-mapped ones are IPv4. */
  readonly address: Uint8Array
  readonly port: number
  readonly inode: string
  /** UDP: datagrams that did not fit into its buffer. */
  readonly drops: number
}

/** Whether the table of UDP sockets can be read here. */
export const canListSockets = (): boolean => {
  try {
    // Only opened: the kernel walks its whole table for whoever reads.
    closeSync(openSync('/proc/self/net/udp', 'r'))
    return true
  } catch {
    return false
  }
}

export const openPorts = (protocol: Protocol): OpenPort[] =>
  TABLES[protocol]
    .flatMap(table => linesOf(table).slice(1))
    .flatMap(line => readLine(protocol, line) ?? [])

/** Inodes of this process's sockets, of all threads. */
export const ownInodes = (): Set<string> => {
  try {
    return inodesOf(readdirSync('/proc/self/fd').map(Number))
  } catch {
    return new Set()
  }
}

export const inodesOf = (fds: readonly number[]): Set<string> =>
  new Set(fds.flatMap(fd => inodeOf(fd) ?? []))

const inodeOf = (fd: number): string | undefined => {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1]
  } catch {
    // Closed meanwhile, or no /proc.
    return undefined
  }
}

const linesOf = (table: string): string[] => {
  try {
    return readFileSync(`/proc/self/net/${table}`, 'latin1').split('\n').slice(0, -1)
  } catch {
    // No /proc, or no IPv6.
    return []
  }
}

const readLine = (protocol: Protocol, line: string): OpenPort | undefined => {
  const columns = line.trim().split(/\s+/)
  const [host = '', port = ''] = columns[LOCAL]?.split(':') ?? []
  const isOpen =
    protocol === 'tcp' ? columns[STATE] === STATE_LISTEN : /:0000$/.test(columns[REMOTE] ?? '')
  const inode = columns[INODE]
  if (!isOpen || inode === undefined) return undefined
  const drops = protocol === 'udp' ? Number(columns[DROPS] ?? 0) : 0
  return { protocol, address: bytesOf(host), port: Number.parseInt(port, 16), inode, drops }
}

const bytesOf = (hex: string): Uint8Array => {
  const bytes = fromHex(hex)
  if (endianness() === 'LE')
    for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse()
  const isMapped =
    bytes.length === 16 &&
    bytes.subarray(0, 10).every(byte => byte === 0) &&
    bytes[10] === 255 &&
    bytes[11] === 255
  return isMapped ? bytes.slice(12) : bytes
}

/** Since each socket was opened, summed up; 0 where the system does not tell. */
export const receiveDrops = (fds: readonly number[]): number => dropsOf(inodesOf(fds))

/** The same for the sockets at which this process receives on these ports, in all threads. */
export const receiveDropsAt = (ports: ReadonlySet<number>): number => dropsOf(ownInodes(), ports)

const dropsOf = (inodes: ReadonlySet<string>, ports?: ReadonlySet<number>): number => {
  let sum = 0
  for (const { inode, port, drops } of openPorts('udp')) {
    if (inodes.has(inode) && ports?.has(port) !== false) sum += drops
  }
  return sum
}
