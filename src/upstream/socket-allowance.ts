// How many sockets to upstreams a thread may hold open, so that a flood of misses never takes the
// descriptors that listeners and files need. It refuses; it never queues.

import { readFileSync } from 'node:fs'

/**
 * Each UDP exchange takes an ephemeral port of its own, and there are 28,232 of them by default.
 */
const PROCESS_LIMIT = 16384
const FALLBACK_OPEN_FILES = 1024
const MINIMUM = 16

/** Connections may take this part: what is left is for UDP, whose sockets serve many questions. */
const STREAM_SHARE = 3 / 4
/** Beyond this part of what connections may take, no client has more than its fair share. */
const TIGHT_SHARE = 1 / 2

export class SocketAllowance {
  /** May be lowered below what is open: nothing is closed, nothing new is opened. */
  limit: number
  #open = 0
  /** Exchanges in flight over connections, by client. */
  readonly #byClient = new Map<string, number>()

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

  /**
   * Whether an exchange for this client (base/ip.ts: clientKey) may open a connection of its own:
   * one client's questions over TCP, each of which takes a connection, must not end those of all
   * others.
   */
  mayDial(client: string): boolean {
    const most = this.limit * STREAM_SHARE
    if (this.#open >= most) return false
    if (this.#open < most * TIGHT_SHARE) return true
    return (this.#byClient.get(client) ?? 0) <= most / (this.#byClient.size + 1)
  }

  /** An exchange over a connection begins. Each is matched by one `left`. */
  joined(client: string): void {
    this.#byClient.set(client, (this.#byClient.get(client) ?? 0) + 1)
  }

  left(client: string): void {
    const count = this.#byClient.get(client)! - 1
    if (count > 0) this.#byClient.set(client, count)
    else this.#byClient.delete(client)
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
export const openFilesLimit = (): number =>
  // Not Linux, or /proc is not mounted: the smallest usual limit holds everywhere.
  knownOpenFilesLimit() ?? FALLBACK_OPEN_FILES

/** Undefined where the system does not tell, or has none. */
export const knownOpenFilesLimit = (): number | undefined => {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    return match === null ? undefined : Number(match[1])
  } catch {
    return undefined
  }
}
