// Which shards have had work and have next to none at present: the time to drop what it needed.

/** Messages between two looks: with more, a shard is at work. */
export const QUIET_WORK = 100

export class QuietWatch {
  readonly #readWork: (shard: number) => number
  readonly #seen: number[]
  /** Messages since the shard was last told of. The start is work, too. */
  readonly #since: number[]

  /** `readWork` gives a count of 32 bits that wraps around. */
  constructor(shards: number, readWork: (shard: number) => number) {
    this.#readWork = readWork
    this.#seen = Array.from({ length: shards }, (_, shard) => readWork(shard))
    this.#since = this.#seen.map(() => QUIET_WORK + 1)
  }

  /** Shards that have become quiet after more work than that; each is told of once. */
  look(): number[] {
    return this.#seen.flatMap((before, shard) => {
      const work = this.#readWork(shard)
      const done = (work - before) >>> 0
      this.#seen[shard] = work
      this.#since[shard] = this.#since[shard]! + done
      if (done > QUIET_WORK || this.#since[shard]! <= QUIET_WORK) return []
      this.#since[shard] = 0
      return [shard]
    })
  }
}
