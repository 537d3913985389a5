// Which shards have stopped beating (memory/heartbeat.ts). Time is an argument. What to do about it is the supervisor's.

import { readBeat } from './memory/heartbeat.ts'

/** How often to look. */
export const WATCH_MS = 100
/** From a worker's start to its first beat: on a busy machine, loading the modules takes seconds. */
const BOOT_LIMIT_MS = 20_000
/** A heart that stands still for so long means a loop that never returns. */
const HANG_MS = 1000

interface Heart {
  beat: number
  /** When it was last seen to beat; infinite once it has been reported. */
  seenMs: number
  /** Until its first beat or its first commit. */
  isBooting: boolean
}

export class HeartWatch {
  readonly #words: Int32Array
  readonly #offset: number
  readonly #hearts: Heart[]
  #lookedMs: number | undefined

  /** `offset` is the first word of the heartbeats in the region. */
  constructor(words: Int32Array, offset: number, shards: number) {
    this.#words = words
    this.#offset = offset
    this.#hearts = Array.from({ length: shards }, () => ({ beat: 0, seenMs: 0, isBooting: true }))
  }

  /** A worker has been started for this shard. */
  started(shard: number, nowMs: number): void {
    this.#hearts[shard] = { beat: readBeat(this.#words, this.#offset, shard), seenMs: nowMs, isBooting: true }
  }

  /** The shard has said something that only one which runs can say. */
  booted(shard: number, nowMs: number): void {
    const heart = this.#hearts[shard]
    if (heart?.isBooting !== true) return
    heart.isBooting = false
    heart.seenMs = nowMs
  }

  /** Shards that have been silent for too long, each once. */
  silent(nowMs: number): number[] {
    // Time in which main itself was held up says nothing about others: they may have had no processor either.
    const heldUpMs = Math.max(0, nowMs - (this.#lookedMs ?? nowMs) - 2 * WATCH_MS)
    this.#lookedMs = nowMs
    const silent: number[] = []
    for (const [shard, heart] of this.#hearts.entries()) {
      const beat = readBeat(this.#words, this.#offset, shard)
      heart.seenMs += heldUpMs
      if (beat !== heart.beat) Object.assign(heart, { beat, seenMs: nowMs, isBooting: false })
      else if (nowMs - heart.seenMs > (heart.isBooting ? BOOT_LIMIT_MS : HANG_MS)) {
        silent.push(shard)
        heart.seenMs = Number.POSITIVE_INFINITY
      }
    }
    return silent
  }
}
