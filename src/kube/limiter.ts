// Holds requests back: so many per second (token bucket, as client-go's flow control), and so many
// at a time. First come, first served. What counts as one is the caller's choice: a list with all
// its pages, and the beginning of a watch.

import type { Timers } from '../base/time/timers.ts'

const DEFAULT_QPS = 5
const DEFAULT_BURST = 10

export interface LimiterOptions {
  /** Requests per second; 0 for the default, 5. */
  readonly qps: number
  /** Requests that may go out at once after a rest; 0 for the default, 10. */
  readonly burst: number
  /** Requests at a time; 0 for any number. */
  readonly maxInflight: number
  readonly timers: Timers
}

interface Waiter {
  readonly signal: AbortSignal
  readonly admit: (release: () => void) => void
  readonly refuse: (reason: unknown) => void
  readonly onAbort: () => void
}

export class Limiter {
  readonly #tokensPerMs: number
  readonly #burst: number
  readonly #maxInflight: number
  readonly #timers: Timers
  readonly #waiters = new Set<Waiter>()
  #tokens: number
  #countedMs: number
  #inflight = 0
  #cancelTimer: (() => void) | undefined

  constructor({ qps, burst, maxInflight, timers }: LimiterOptions) {
    this.#tokensPerMs = (qps || DEFAULT_QPS) / 1000
    this.#burst = burst || DEFAULT_BURST
    this.#maxInflight = maxInflight || Number.POSITIVE_INFINITY
    this.#timers = timers
    this.#tokens = this.#burst
    this.#countedMs = timers.nowMs()
  }

  /**
   * Resolves when a request may go out, with what says that it is over (calling that twice is
   * harmless). Rejects when `signal` aborts first.
   */
  acquire(signal: AbortSignal): Promise<() => void> {
    return new Promise((admit, refuse) => {
      if (signal.aborted) return refuse(signal.reason)
      const onAbort = (): void => {
        this.#waiters.delete(waiter)
        refuse(signal.reason)
        this.#serve()
      }
      const waiter: Waiter = { signal, admit, refuse, onAbort }
      signal.addEventListener('abort', onAbort)
      this.#waiters.add(waiter)
      this.#serve()
    })
  }

  #serve(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#count()
    for (const waiter of this.#waiters) {
      if (this.#inflight >= this.#maxInflight) return
      if (this.#tokens < 1) {
        // A millisecond more than reckoned: a timer that fires early would only be set again.
        this.#cancelTimer = this.#timers.after(
          Math.ceil((1 - this.#tokens) / this.#tokensPerMs) + 1,
          () => this.#serve(),
        )
        return
      }
      this.#tokens--
      this.#inflight++
      this.#waiters.delete(waiter)
      waiter.signal.removeEventListener('abort', waiter.onAbort)
      waiter.admit(this.#releaser())
    }
  }

  #releaser(): () => void {
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      this.#inflight--
      this.#serve()
    }
  }

  #count(): void {
    const nowMs = this.#timers.nowMs()
    this.#tokens = Math.min(
      this.#burst,
      this.#tokens + (nowMs - this.#countedMs) * this.#tokensPerMs,
    )
    this.#countedMs = nowMs
  }
}
