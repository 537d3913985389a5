// Ports for servers of tests that are started a moment later: below those that the kernel hands to
// sockets which ask for any, so that no client of another test gets one meanwhile, and claimed by
// this process until it ends, so that no other test that runs beside it draws the same.

import { randomInt } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const LEAST = 12_000
const ROOM = 4000
const CLAIMS = join(tmpdir(), 'shardns-test-ports')
const claimed: string[] = []

/** The kernel's own range begins there; 0 if it is not known. */
const firstHandedOut = (): number => {
  try {
    return Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10) || 0
  } catch {
    // Not Linux.
    return 0
  }
}

/**
 * 0, which is any that the kernel likes, where there is no room below its range. Whether the port
 * is free is for the caller to try.
 */
export const quietPort = (): number => {
  const end = firstHandedOut()
  if (end < LEAST + ROOM) return 0
  for (;;) {
    const port = randomInt(LEAST, end)
    if (claim(join(CLAIMS, String(port)))) return port
  }
}

/**
 * A claim is a file that names its holder. One whose holder has died is taken over by whoever
 * removes it first.
 */
const claim = (file: string): boolean => {
  mkdirSync(CLAIMS, { recursive: true })
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
  } catch {
    if (!isAlive(holderOf(file))) rmSync(file, { force: true })
    return false
  }
  if (claimed.push(file) === 1) process.once('exit', giveBack)
  return true
}

const holderOf = (file: string): number => {
  try {
    // Empty for a moment: its holder is writing.
    return Number(readFileSync(file, 'utf8')) || process.pid
  } catch {
    return process.pid
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const giveBack = (): void => {
  for (const file of claimed) rmSync(file, { force: true })
}
