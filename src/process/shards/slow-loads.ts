// What shards are at while they load a configuration, by their own last word: a serve half that
// does not come to an end says nothing more. For the log: whom it ends, heart-watch.ts says.

/** A load that takes longer is worth a line. */
const SLOW_MS = 5000

interface Loading {
  readonly plugins: readonly string[]
  readonly sinceMs: number
  isTold: boolean
}

export class SlowLoads {
  readonly #loading = new Map<number, Loading>()

  /** The shard has begun with the halves of these. */
  begun(shard: number, plugins: readonly string[], nowMs: number): void {
    this.#loading.set(shard, { plugins, sinceMs: nowMs, isTold: false })
  }

  /** It has loaded, has failed, or is no more. */
  ended(shard: number): void {
    this.#loading.delete(shard)
  }

  /** The plugins whose halves it is at; none if it loads nothing. */
  at(shard: number): readonly string[] {
    return this.#loading.get(shard)?.plugins ?? []
  }

  /** Shards that have been at the same halves for long, each once. */
  look(nowMs: number): { readonly shard: number; readonly plugins: readonly string[] }[] {
    const slow = [...this.#loading].filter(
      ([, { sinceMs, isTold }]) => !isTold && nowMs - sinceMs >= SLOW_MS,
    )
    return slow.map(([shard, loading]) => {
      loading.isTold = true
      return { shard, plugins: loading.plugins }
    })
  }
}

/** `plugin/a, plugin/b`. */
export const pluginsText = (plugins: readonly string[]): string =>
  plugins.map(name => `plugin/${name}`).join(', ')
