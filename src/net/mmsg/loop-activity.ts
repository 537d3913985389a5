// What libuv's loop is about, for the engine that waits in its place: whether it has handled
// anything since the last look, by its own count of events (uv_metrics_info, libuv 1.45), and when
// its next timer is due.
//
//   uv_metrics_t   0 loop_count u64   8 events u64   16 events_waiting u64   24 reserved u64 x 13
//                  (128 bytes)

import type { Libc, Pinned } from './libc.ts'

const METRICS_BYTES = 128
const EVENTS_WORD = 2

/** How Node links those of one turn. */
interface Linked {
  readonly _idlePrev?: unknown
  readonly _idleNext?: unknown
}

/**
 * Whether others wait for the same turn of the loop as this immediate, which runs just now. What
 * they go on to wait for is behind it in the next: nothing else tells of that.
 */
export const hasNeighbours = (immediate: NodeJS.Immediate | undefined): boolean => {
  const { _idlePrev, _idleNext } = (immediate ?? {}) as Linked
  return (_idlePrev ?? _idleNext ?? null) !== null
}

/** A loop that never says when it is due is asked no more often than this. */
const UNTOLD_MS = 20
/** So many times in a row the loop may really be due. */
const MOST_TIMES_DUE = 16

const nothing = (): void => {}

export class LoopActivity {
  readonly #libc: Libc
  readonly #loop: bigint
  readonly #metrics: Pinned<Int32Array>
  #events = -1
  #timesDue = 0

  constructor(libc: Libc, loop: bigint) {
    this.#libc = libc
    this.#loop = loop
    this.#metrics = libc.pin(new Int32Array(METRICS_BYTES / 4))
  }

  /** True on the first call, and whenever the count has changed since the last. */
  hasMoved(): boolean {
    this.#libc.uv_metrics_info(this.#loop, this.#metrics.address)
    const events = this.#metrics.view[EVENTS_WORD]!
    if (events === this.#events) return false
    this.#events = events
    return true
  }
  /**
   * Milliseconds until a timer of the loop is due, whoever's it is; 0 when the loop has something
   * to do at once, and Infinity when it has no timers. To be asked in the last immediate of a turn:
   * only then does the loop take it that no immediates are left.
   */
  dueInMs(): number {
    // Node tells libuv of immediates after all of a turn have run, or when the last one is cleared.
    clearImmediate(setImmediate(nothing))
    this.#libc.uv_update_time(this.#loop)
    const ms = this.#libc.uv_backend_timeout(this.#loop)
    this.#timesDue = ms === 0 ? this.#timesDue + 1 : 0
    if (this.#timesDue > MOST_TIMES_DUE) return UNTOLD_MS
    return ms < 0 ? Number.POSITIVE_INFINITY : ms
  }
}
