// Latencies in whole microseconds, counted one by one: percentiles are exact up to the limit.

const LIMIT_US = 3_000_000
const GREATER = 62

export class LatencyHistogram {
  readonly #counts = new Uint32Array(LIMIT_US + 1)
  #total = 0
  #max = 0

  get total(): number {
    return this.#total
  }
  get maxUs(): number {
    return this.#max
  }

  add(us: number): void {
    const whole = Math.min(LIMIT_US, Math.max(0, Math.round(us)))
    this.#counts[whole] = (this.#counts[whole] as number) + 1
    this.#total++
    this.#max = Math.max(this.#max, whole)
  }

  /**
   * A line of dnsperf's verbose output: `> NOERROR n1.test A 0.000471`. Timed-out queries (`T`) and
   * other lines are passed over.
   */
  addLine(bytes: Uint8Array, from: number, to: number): void {
    if (bytes[from] !== GREATER) return
    let us = 0
    let scale = 1
    for (let at = to - 1; at > from; at--) {
      const byte = bytes[at] as number
      if (byte === 46) continue
      if (byte < 48 || byte > 57) break
      us += (byte - 48) * scale
      scale *= 10
    }
    if (scale > 1_000_000) this.add(us)
  }

  /** The smallest latency that `share` of all do not exceed; 0 if there are none. */
  percentile(share: number): number {
    const wanted = Math.ceil(this.#total * share)
    let seen = 0
    for (let us = 0; us <= this.#max; us++) {
      seen += this.#counts[us] as number
      if (seen >= wanted) return us
    }
    return this.#max
  }
}
