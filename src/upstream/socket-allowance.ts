// How many sockets to upstreams a thread may hold open, so that a flood of misses never takes the
// descriptors that listeners and files need. It refuses; it never queues.

import { readFileSync } from 'node:fs'

/**
 * Each UDP exchange takes an ephemeral port of its own, and there are 28,232 of them by default.
 */
const PROCESS_LIMIT = 16384
const FALLBACK_OPEN_FILES = 1024
const MINIMUM = 16

export class SocketAllowance {
  /** May be lowered below what is open: nothing is closed, nothing new is opened. */
  limit: number
  #open = 0

  constructor(limit: number) {
    this.limit = limit
  }

  get open(): number {
    return this.#open
  }

  /** More than half is left: enough for sockets that are good to have and not needed. */
  get isAmple(): boolean {
    return this.#open * 2 < this.limit
  }

  /** False when the limit is reached. Each true is matched by one `closed()`. */
  tryOpen(): boolean {
    if (this.#open >= this.limit) return false
    this.#open += 1
    return true
  }

  closed(): void {
    this.#open -= 1
  }
}

/** The allowance of this thread, shared by all that asks upstreams from it. */
export const threadSockets = new SocketAllowance(FALLBACK_OPEN_FILES / 2)

/**
 * A fair part for each of `threads` threads: half of the process's descriptors are left to
 * everything else.
 */
export const socketsPerThread = (threads: number, openFiles: number = openFilesLimit()): number =>
  Math.max(MINIMUM, Math.floor(Math.min(openFiles / 2, PROCESS_LIMIT) / threads))

/**
 * TCP connections of clients that each of `threads` threads may keep: a quarter of the process's
 * descriptors in all.
 */
export const connectionsPerThread = (
  threads: number,
  openFiles: number = openFilesLimit(),
): number => Math.max(MINIMUM, Math.floor(openFiles / 4 / threads))

/** Descriptors that the process may have open. */
export const openFilesLimit = (): number => {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    return match === null ? FALLBACK_OPEN_FILES : Number(match[1])
  } catch {
    // Not Linux, or /proc is not mounted: the smallest usual limit holds everywhere.
    return FALLBACK_OPEN_FILES
  }
}
