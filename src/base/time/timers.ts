// Waiting: for longer than one of Node's timers can, which take 31 bits of milliseconds, some 24
// days, and fire at once when given more; and with timers as an argument, so that tests let minutes
// pass by number.

import { systemClock } from './clock.ts'

/** For intervals: nobody sees whether something happens after 24 days or later. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

/** However long; cut short when `signal` aborts. Never rejects. */
export const wait = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal?.aborted === true) return resolve()
    let timer: NodeJS.Timeout
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const step = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, LONGEST_TIMER_MS)
      timer = setTimeout(() => (leftMs > stepMs ? step(leftMs - stepMs) : end()), stepMs)
    }
    signal?.addEventListener('abort', end)
    step(Math.max(ms, 0))
  })

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
