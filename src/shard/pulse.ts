// A shard's heartbeat: often while there is work, seldom at rest (memory/heartbeat.ts), so that a
// shard without work sleeps. The beats stay within what main waits for: it knows who is at rest.

import { systemTimers, type Timers } from '../base/time/timers.ts'
import { BEAT_MS, beat, isAtRest, REST_BEAT_MS } from '../memory/heartbeat.ts'

export class Pulse {
  readonly #words: Int32Array
  readonly #offset: number
  readonly #shard: number
  readonly #timers: Timers
  #cancel = (): void => {}
  #isSeldom = false
  #hasEnded = false

  /** Begins: the next beat comes after BEAT_MS. */
  constructor(words: Int32Array, offset: number, shard: number, timers: Timers = systemTimers) {
    this.#words = words
    this.#offset = offset
    this.#shard = shard
    this.#timers = timers
    this.#await()
  }

  /** Beats now. Only between queries: the records memory takes it for a sign that none is read. */
  readonly beat = (): void => {
    beat(this.#words, this.#offset, this.#shard)
    this.#await()
  }

  /** Beats often again, from the next beat on, if the rest has ended. */
  readonly quicken = (): void => {
    if (this.#isSeldom && !this.#isResting) this.#await()
  }

  end(): void {
    this.#hasEnded = true
    this.#cancel()
  }

  get #isResting(): boolean {
    return isAtRest(this.#words, this.#offset, this.#shard)
  }

  #await(): void {
    this.#cancel()
    if (this.#hasEnded) return
    this.#isSeldom = this.#isResting
    this.#cancel = this.#timers.after(this.#isSeldom ? REST_BEAT_MS : BEAT_MS, this.beat)
  }
}
