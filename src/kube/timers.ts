// Time for the API client: now and later, as an argument, so that tests let minutes pass by number.

import { systemClock } from '../base/clock.ts'
import { LONGEST_TIMER_MS } from '../base/timers.ts'

export interface Timers {
  /** Monotonic milliseconds. */
  nowMs(): number
  /**
   * Runs `task` once, `delayMs` (24 days at most) from now. Returns what cancels it; after the task
   * has run that does nothing.
   */
  after(delayMs: number, task: () => void): () => void
}

export const systemTimers: Timers = {
  nowMs: () => systemClock.ms(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, Math.min(delayMs, LONGEST_TIMER_MS))
    return () => clearTimeout(timer)
  },
}

/** Resolves after `delayMs`, or at once when `signal` aborts. Never rejects. */
export const pause = (timers: Timers, delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) return resolve()
    const end = (): void => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = timers.after(delayMs, end)
    signal.addEventListener('abort', end)
  })
