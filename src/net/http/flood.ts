// What a peer may do over one connection without asking anything. Floods of frames (rapid reset,
// PING, SETTINGS, WINDOW_UPDATE and whatever comes next) have in common that bytes arrive and no
// request is completed: these are counted whatever kind of frame they belong to. Time is an
// argument.

/**
 * Bytes without a whole request: one with the longest head and body fits several times over, as do
 * some with such bodies that come together.
 */
const MOST_WASTED_BYTES = 128 * 1024
/** A connection that lives for days may be asked whether it does now and then. */
const FORGIVEN_BYTES_PER_S = 1024

const WINDOW_MS = 10_000
/** Of each event, what is taken within a window. */
const MOST = {
  /** Requests that the client took back before they were answered. */
  abort: 100,
  ping: 60,
  settings: 10,
} as const

export type FloodEvent = keyof typeof MOST

export class FloodWatch {
  #bytes = 0
  #wasted = 0
  #lookedMs: number
  #windowMs: number
  readonly #counts: Record<FloodEvent, number> = { abort: 0, ping: 0, settings: 0 }

  constructor(nowMs: number) {
    this.#lookedMs = nowMs
    this.#windowMs = nowMs
  }

  /** A request is whole: so many bytes have come until now. */
  asked(bytes: number, nowMs: number): void {
    this.#bytes = bytes
    this.#wasted = 0
    this.#lookedMs = nowMs
  }

  /** So many bytes have come until now. Whether that is a flood. */
  read(bytes: number, nowMs: number): boolean {
    const forgiven = ((nowMs - this.#lookedMs) * FORGIVEN_BYTES_PER_S) / 1000
    this.#wasted = Math.max(0, this.#wasted - forgiven) + bytes - this.#bytes
    this.#bytes = bytes
    this.#lookedMs = nowMs
    return this.#wasted > MOST_WASTED_BYTES
  }

  /** The event has come once more. Whether that is a flood. */
  met(event: FloodEvent, nowMs: number): boolean {
    if (nowMs - this.#windowMs >= WINDOW_MS) {
      this.#windowMs = nowMs
      for (const name of Object.keys(MOST) as FloodEvent[]) this.#counts[name] = 0
    }
    return ++this.#counts[event] > MOST[event]
  }
}
