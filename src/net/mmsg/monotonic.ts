// Hot path.
// The monotonic clock without allocation: process.hrtime makes an array each time it is asked. Same time line (CLOCK_MONOTONIC).

import { C, TIMESPEC } from './abi.ts'
import type { Libc } from './libc.ts'

export class MonotonicClock {
  readonly #libc: Libc
  readonly #words = new Int32Array(TIMESPEC.size / 4)
  readonly #address: bigint

  constructor(libc: Libc) {
    this.#libc = libc
    this.#address = libc.addressOf(this.#words)
  }

  /** Reads the clock; `ms` and `seconds` are of that moment. */
  tick(): void {
    this.#libc.clock_gettime(C.CLOCK_MONOTONIC, this.#address)
  }
  /** Clock.ms() */
  get ms(): number {
    return this.seconds * 1000 + this.#words[TIMESPEC.nsec >> 2]! / 1e6
  }
  /** Clock.seconds(): 31 bits last for 68 years. */
  get seconds(): number {
    return this.#words[TIMESPEC.sec >> 2]!
  }
}
