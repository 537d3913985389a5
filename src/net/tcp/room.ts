// What the TCP connections of a shard share: their table, which closes what has made no progress
// for longest; the budget that their bytes are taken from; fair turns; and one buffer that all of
// them read into.

import type { Clock } from '../../base/time/clock.ts'
import { type ByteBudget, STREAM } from '../../memory/byte-budget.ts'
import type { HandshakeOutcome } from '../../metrics/shard-counts.ts'
import { CONNECTION_BYTES, TLS_CONNECTION_BYTES } from '../engine.ts'
import { type ClientShare, ClientShares, SMALL_BYTES } from './client-shares.ts'
import { SendBuffers } from './send-buffers.ts'
import { Turns, type TurnTaker } from './turns.ts'

/**
 * One read's worth: a client that sends faster than it is answered holds no more than this before
 * its connection is paused.
 */
const READ_BYTES = 4096
/**
 * How often those that wait for room in the budget look again: another shard may have given some
 * back.
 */
const RETRY_MS = 10
/**
 * A connection that holds bytes and has made no progress for so long makes room once the budget is
 * spent.
 */
const STUCK_MS = 500
/** When a table is full. */
interface TableSize {
  /** Idle connections may take this part of the budget: beyond it a table is full. */
  readonly idleShare: number
  /** What each takes. */
  readonly connectionBytes: number
}

const PLAIN_TABLE: TableSize = { idleShare: 1 / 4, connectionBytes: CONNECTION_BYTES }
/** Of a stream shard. Its connections are all that it has, and have TLS, mostly. */
export const STREAM_SHARD_TABLE: TableSize = {
  idleShare: 1 / 2,
  connectionBytes: TLS_CONNECTION_BYTES,
}

/** What the table asks of a connection. */
export interface TableEntry extends TurnTaker {
  readonly client: ClientShare
  /** Its client has nothing in flight. */
  readonly isIdle: boolean
  /** Bytes that it holds of the budget. */
  readonly heldBytes: number
  /** Clock.ms() of the last whole message, or of the last answer that its client has taken. */
  readonly progressMs: number
  /** It waits for its client: to send the rest of a message, or to read an answer. */
  readonly isStuck: boolean
  /** There is room for what it would do next. */
  readonly mayGoOn: boolean
  /** There is room for it again. */
  retry(): void
  /** Ends it at once. */
  cut(): void
}

/** Why a connection was closed by the server before its time. */
export type CutReason = 'room' | 'budget' | 'frames' | 'flood'

export interface TcpCounts {
  /** Connections that a client has opened. */
  connected(): void
  cut(reason: CutReason): void
  /** A client's TLS handshake has ended. */
  handshake(outcome: HandshakeOutcome): void
  /**
   * Reading from a connection has stopped since the budget was spent, or its client had its share.
   */
  stalled(): void
}

export class TcpRoom {
  readonly budget: ByteBudget
  readonly clock: Clock
  readonly counts: TcpCounts
  readonly turns = new Turns()
  readonly clients: ClientShares
  /**
   * Filled by the system for one connection at a time, which copies what it keeps before it
   * returns.
   */
  readonly readBuffer = new Uint8Array(READ_BYTES)
  readonly sendBuffers = new SendBuffers()
  readonly #limit: number
  /** The one that has made no progress for longest comes first. */
  readonly #byProgress = new Set<TableEntry>()
  /** Those with nothing in flight; the one that has been idle longest comes first. */
  readonly #idle = new Set<TableEntry>()
  readonly #stalled = new Set<TableEntry>()
  #retry: NodeJS.Timeout | undefined

  /** `limit`: connections, fewer if the budget is small. */
  constructor(
    limit: number,
    budget: ByteBudget,
    clock: Clock,
    counts: TcpCounts,
    { idleShare, connectionBytes }: TableSize = PLAIN_TABLE,
  ) {
    this.#limit = Math.max(
      1,
      Math.min(
        limit,
        Math.floor((budget.limitBytes * idleShare) / budget.sharers / connectionBytes),
      ),
    )
    this.budget = budget
    this.clock = clock
    this.counts = counts
    this.clients = new ClientShares(budget)
  }

  get connections(): number {
    return this.#byProgress.size
  }

  /**
   * Lets a connection in: a full table closes another one, never the newcomer (RFC 7766 section
   * 6.2.3).
   */
  admit(entry: TableEntry): void {
    this.counts.connected()
    if (this.#byProgress.size >= this.#limit) this.#cut(this.#longestIdle(), 'room')
    this.#byProgress.add(entry)
    this.noteIdle(entry)
  }

  /** Lets `entry` in where `before` was: the same client's, and no newcomer any more. */
  replace(before: TableEntry, entry: TableEntry): void {
    this.leave(before)
    this.#byProgress.add(entry)
    this.noteIdle(entry)
  }

  /**
   * Closes the one of these that has been idle longest, and returns it; undefined if none is idle.
   */
  closeIdle<E extends TableEntry>(among: ReadonlySet<E>): E | undefined {
    for (const entry of this.#idle as Set<E>) {
      if (!among.has(entry)) continue
      this.#cut(entry, 'room')
      return entry
    }
    return undefined
  }

  leave(entry: TableEntry): void {
    this.#byProgress.delete(entry)
    this.#idle.delete(entry)
    this.#stalled.delete(entry)
    this.turns.leave(entry)
  }

  progressed(entry: TableEntry): void {
    if (this.#byProgress.delete(entry)) this.#byProgress.add(entry)
    if (this.#idle.delete(entry)) this.#idle.add(entry)
  }

  /** To be called whenever `isIdle` of an entry may have changed. */
  noteIdle(entry: TableEntry): void {
    if (!entry.isIdle) this.#idle.delete(entry)
    else if (this.#byProgress.has(entry)) this.#idle.add(entry)
  }

  /** The connection holds so many bytes more, or less. */
  hold(entry: TableEntry, bytes: number): void {
    if (bytes > 0) this.budget.take(STREAM, bytes)
    else this.budget.give(STREAM, -bytes)
    this.clients.hold(entry.client, bytes)
  }

  mayHoldMore(entry: TableEntry, more = 0): boolean {
    return this.clients.mayHoldMore(entry.client, entry.heldBytes, more)
  }

  /** Its `retry` is called when there may be room again. */
  stall(entry: TableEntry): void {
    if (this.#stalled.has(entry)) return
    this.counts.stalled()
    this.#stalled.add(entry)
    this.#retry ??= setInterval(() => this.#lookAgain(), RETRY_MS)
  }

  #lookAgain(): void {
    if (this.budget.isSpent) this.#relieve()
    for (const entry of [...this.#stalled]) {
      if (!entry.mayGoOn) continue
      this.#stalled.delete(entry)
      entry.retry()
    }
    if (this.#stalled.size > 0) return
    clearInterval(this.#retry)
    this.#retry = undefined
  }

  /**
   * Cuts those that hold what their clients neither finish nor fetch. One that is not read from has
   * not kept us waiting, unless it holds much.
   */
  #relieve(): void {
    const sinceMs = this.clock.ms() - STUCK_MS
    for (const entry of [...this.#byProgress]) {
      if (entry.progressMs > sinceMs || !this.budget.isSpent) return
      const least = this.#stalled.has(entry) ? SMALL_BYTES : 0
      if (entry.isStuck && entry.heldBytes > least) this.#cut(entry, 'budget')
    }
  }

  #longestIdle(): TableEntry | undefined {
    const [idle] = this.#idle
    if (idle !== undefined) return idle
    const [oldest] = this.#byProgress
    return oldest
  }

  #cut(entry: TableEntry | undefined, reason: CutReason): void {
    if (entry === undefined) return
    this.counts.cut(reason)
    // Now: before it has closed, others may ask for its place.
    this.#byProgress.delete(entry)
    this.#idle.delete(entry)
    entry.cut()
  }
}
