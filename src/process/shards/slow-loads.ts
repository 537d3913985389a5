// The plugins that shards load at the moment, by their last message: a serve half that never
// returns sends no more. Used for the log only; heart-watch.ts decides which shards are ended.

/** A load that takes longer is logged. */
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

  /** It has loaded, has failed, or has died. */
  ended(shard: number): void {
    this.#loading.delete(shard)
  }

  /** The plugins whose halves it loads now; none if it loads nothing. */
  at(shard: number): readonly string[] {
    return this.#loading.get(shard)?.plugins ?? []
  }

  /** Shards that have loaded the same halves for too long, each reported once. */
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
