// Ports for servers of tests that are started a moment later: below those that the kernel hands to sockets which ask for any, so that no client of
// another test gets one meanwhile. Whether it is free is for the caller to try.

import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'

const LEAST = 12_000
const ROOM = 4000

/** The kernel's own range begins there; 0 if it is not known. */
const firstHandedOut = (): number => {
  try {
    return Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10) || 0
  } catch {
    // Not Linux.
    return 0
  }
}

/** 0, which is any that the kernel likes, where there is no room below its range. */
export const quietPort = (): number => {
  const end = firstHandedOut()
  return end < LEAST + ROOM ? 0 : randomInt(LEAST, end)
}
