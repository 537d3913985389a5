// Time. Nothing else in src reads a clock: whoever needs the time takes a Clock, so that tests let time pass by number.

export interface Clock {
  /** Monotonic milliseconds with a fraction. One time line for all threads of the process (CLOCK_MONOTONIC). */
  ms(): number
  /** Monotonic whole seconds: what cache entries in shared memory are stamped with. Fits 31 bits for 68 years of uptime. */
  seconds(): number
  /** Wall time in milliseconds since 1970. For logs, cookies and signatures only; never for time-outs or TTLs. */
  wallMs(): number
}

export const systemClock: Clock = {
  ms() {
    const [seconds, nanoseconds] = process.hrtime()
    return seconds * 1000 + nanoseconds / 1e6
  },
  seconds: () => process.hrtime()[0],
  wallMs: () => Date.now(),
}
