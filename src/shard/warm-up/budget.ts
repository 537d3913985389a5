// How long a warm-up may go on. Processor time is the measure, so that a busy machine gets as warm
// as an idle one. Where a quota slows the thread down, the time on the clock ends it: readiness
// waits.

import { systemClock } from '../../base/time/clock.ts'

/** Not all supported versions of Node can tell the processor time of a thread. */
interface WithThreadTime {
  threadCpuUsage?(): { readonly user: number; readonly system: number }
}

/** Processor time of this thread in milliseconds, or else the time on the clock. */
const threadMs = (): number => {
  const used = (process as WithThreadTime).threadCpuUsage?.()
  return used === undefined ? systemClock.ms() : (used.user + used.system) / 1000
}

export class WarmUpBudget {
  readonly #untilThreadMs: number
  readonly #untilMs: number

  /** `cpuMs` of the thread's time from now on, but not after `untilMs` (Clock.ms()). */
  constructor(cpuMs: number, untilMs: number) {
    this.#untilThreadMs = threadMs() + cpuMs
    this.#untilMs = untilMs
  }

  get isLeft(): boolean {
    return systemClock.ms() < this.#untilMs && threadMs() < this.#untilThreadMs
  }
}
