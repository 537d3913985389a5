// Hot path. The monotonic clock without allocation: process.hrtime makes an array each time it is
// asked. Same time line (CLOCK_MONOTONIC).

import { C, TIMESPEC } from './abi.ts'
import type { Libc, Pinned } from './libc.ts'

export class MonotonicClock {
  readonly #libc: Libc
  readonly #time: Pinned<Int32Array>

  constructor(libc: Libc) {
    this.#libc = libc
    this.#time = libc.pin(new Int32Array(TIMESPEC.size / 4))
  }

  /** Reads the clock; `ms` and `seconds` are of that moment. */
  tick(): void {
    this.#libc.clock_gettime(C.CLOCK_MONOTONIC, this.#time.address)
  }
  /** Clock.ms() */
  get ms(): number {
    return this.seconds * 1000 + this.#time.view[TIMESPEC.nsec >> 2]! / 1e6
  }
  /** Clock.seconds(): 31 bits last for 68 years. */
  get seconds(): number {
    return this.#time.view[TIMESPEC.sec >> 2]!
  }
}
