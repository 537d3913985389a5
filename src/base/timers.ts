// Waiting for longer than one of Node's timers can: those take 31 bits of milliseconds, some 24
// days, and fire at once when given more.

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
