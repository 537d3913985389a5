// Which shards have had work and have next to none at present: the time at which a pause of some
// milliseconds meets hardly any query.

/** Messages between two looks: with more, a shard is at work. */
export const QUIET_WORK = 100
/** Ten minutes, with a look every 5 s. */
export const MOST_PAUSE = 120

interface Watched {
  seen: number
  /** Messages since the shard was last told of. */
  since: number
  /** Looks in which it is not told of, and how many there will be after the next time. */
  left: number
  pause: number
}

/**
 * A shard whose load comes and goes is told of less and less often: work that begins again after it
 * has given back its memory costs more for a while.
 */
export class QuietWatch {
  readonly #readWork: (shard: number) => number
  readonly #shards: readonly Watched[]

  /** `readWork` gives a count of 32 bits that wraps around. */
  constructor(shards: number, readWork: (shard: number) => number) {
    this.#readWork = readWork
    this.#shards = Array.from({ length: shards }, (_, shard) => {
      return { seen: readWork(shard), since: 0, left: 0, pause: 1 }
    })
  }

  /** Shards that have become quiet after more work than that. */
  look(): number[] {
    return [...this.#shards.keys()].filter(shard => this.#isDue(shard, this.#shards[shard]!))
  }

  #isDue(shard: number, watched: Watched): boolean {
    const work = this.#readWork(shard)
    const done = (work - watched.seen) >>> 0
    watched.seen = work
    watched.since += done
    if (watched.left > 0) watched.left--
    if (done > QUIET_WORK || watched.since <= QUIET_WORK || watched.left > 0) return false
    watched.since = 0
    watched.left = watched.pause
    watched.pause = Math.min(2 * watched.pause, MOST_PAUSE)
    return true
  }
}
