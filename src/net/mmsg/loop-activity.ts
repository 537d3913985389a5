// Whether libuv has handled anything since the last look: its own count of events (uv_metrics_info,
// libuv 1.45).
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

export class LoopActivity {
  readonly #libc: Libc
  readonly #loop: bigint
  readonly #metrics: Pinned<Int32Array>
  #events = -1

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
}
