// Time. Nothing else in src reads a clock: whoever needs the time takes a Clock, so that tests let
// time pass by number.

export interface Clock {
  /**
   * Monotonic milliseconds with a fraction. One time line for all threads of the process
   * (CLOCK_MONOTONIC).
   */
  ms(): number
  /**
   * Monotonic whole seconds: what cache entries in shared memory are stamped with. Fits 31 bits for
   * 68 years of uptime.
   */
  seconds(): number
  /**
   * Wall time in milliseconds since 1970. For logs, cookies and signatures only; never for
   * time-outs or TTLs.
   */
  wallMs(): number
}

/**
 * process.hrtime allocates; performance.now counts on the same clock from a start of each thread's
 * own.
 */
const threadStartMs = (): number => {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6 - performance.now()
}
const START_MS = threadStartMs()

export const systemClock: Clock = {
  ms: () => START_MS + performance.now(),
  seconds: () => Math.floor((START_MS + performance.now()) / 1000),
  wallMs: () => Date.now(),
}
