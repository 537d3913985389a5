// Waiting for what others have promised, and not for ever: what takes long is told, and what never
// comes to an end is a failure.

import { systemTimers, type Timers } from './timers.ts'

export interface PatienceTimers extends Timers {
  /**
   * Milliseconds in which this thread had nothing to do. Work of any size takes its time; only who
   * waits, and lets the thread wait, uses up patience.
   */
  idleMs(): number
}

export const systemPatience: PatienceTimers = {
  ...systemTimers,
  idleMs: () => performance.eventLoopUtilization().idle,
}

export interface Patience {
  /** The most that may pass, of time in which the thread had nothing to do. */
  readonly mostMs: number
  /** Called once when so much time has passed, idle or not, and it has not ended. */
  readonly slow?: { readonly afterMs: number; readonly tell: () => void } | undefined
  /** Its reason ends the wait at once. */
  readonly signal?: AbortSignal | undefined
}

/** Of a thing that is loaded or set up. */
export const LOAD_PATIENCE_MS = 20_000
/** Longer is worth a line. */
export const SLOW_MS = 5000

export class EndlessError extends Error {
  constructor() {
    super('it does not come to an end')
    this.name = 'EndlessError'
  }
}

/** What `work` gives or fails with. Throws an EndlessError when patience is at its end. */
export const inTime = async <T>(
  work: T | PromiseLike<T>,
  { mostMs, slow, signal }: Patience,
  timers: PatienceTimers = systemPatience,
): Promise<T> => {
  const end = Promise.withResolvers<never>()
  const beganMs = timers.idleMs()
  let cancelLook = (): void => {}
  const look = (): void => {
    const leftMs = mostMs - (timers.idleMs() - beganMs)
    if (leftMs > 0) cancelLook = timers.after(leftMs, look)
    else end.reject(new EndlessError())
  }
  const giveUp = (): void => end.reject(signal?.reason)
  look()
  const cancelSlow = slow && timers.after(slow.afterMs, slow.tell)
  if (signal?.aborted === true) giveUp()
  signal?.addEventListener('abort', giveUp)
  try {
    return await Promise.race([work, end.promise])
  } finally {
    cancelLook()
    cancelSlow?.()
    signal?.removeEventListener('abort', giveUp)
  }
}
