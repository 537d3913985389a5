// Metrics of Go's process collector that prom-client does not have, read from /proc at each scrape.
// Without /proc these families are missing, as with Go.

import { readFileSync } from 'node:fs'

export interface ProcessFamily {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  /** Undefined: not known here. */
  readonly read: () => number | undefined
}

/** What Go says for `unlimited`: 2^64 - 1. */
const UNLIMITED = 2 ** 64

export const PROCESS_FAMILIES: readonly ProcessFamily[] = [
  {
    name: 'process_network_receive_bytes_total',
    type: 'counter',
    help: 'Number of bytes received by the process over the network.',
    read: () => octets(readProc('net/netstat'), 'InOctets'),
  },
  {
    name: 'process_network_transmit_bytes_total',
    type: 'counter',
    help: 'Number of bytes sent by the process over the network.',
    read: () => octets(readProc('net/netstat'), 'OutOctets'),
  },
  {
    name: 'process_virtual_memory_max_bytes',
    type: 'gauge',
    help: 'Maximum amount of virtual memory available in bytes.',
    read: () => addressSpace(readProc('limits')),
  },
]

const readProc = (path: string): string => {
  try {
    return readFileSync(`/proc/self/${path}`, 'utf8')
  } catch {
    // Not Linux, or a sandbox without /proc.
    return ''
  }
}

/** A number of the IpExt lines of /proc/PID/net/netstat: of the whole network namespace. */
export const octets = (netstat: string, name: string): number | undefined => {
  const [names, values] = netstat.split('\n').filter(line => line.startsWith('IpExt: '))
  const index = names?.split(' ').indexOf(name) ?? -1
  const value = index < 0 ? undefined : values?.split(' ')[index]
  return value === undefined ? undefined : Number(value)
}

/** The soft limit of `Max address space` in /proc/PID/limits. */
export const addressSpace = (limits: string): number | undefined => {
  const value = /^Max address space\s+(\S+)/m.exec(limits)?.[1]
  return value === 'unlimited' ? UNLIMITED : value === undefined ? undefined : Number(value)
}
