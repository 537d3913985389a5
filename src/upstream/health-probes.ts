// Main's half of upstream health: at most one probe loop per upstream in the whole process, begun
// when a shard's exchange failed and ended by the first success. Upstreams that work are never
// probed.

import { setTimeout as pause } from 'node:timers/promises'
import type { Endpoint } from './endpoint.ts'
import type { HealthWords } from './health-words.ts'

export interface ProbeOptions {
  readonly words: HealthWords
  readonly upstreams: readonly Endpoint[]
  /** Between the end of a failed probe and the next. */
  readonly intervalMs: number
  /** Resolves to whether the upstream lives; bounded in time; never rejects. */
  readonly probe: (upstream: Endpoint) => Promise<boolean>
  readonly onFailure: (upstream: Endpoint) => void
}

export class HealthProbes {
  readonly #options: ProbeOptions
  readonly #running = new Set<number>()
  readonly #stop = new AbortController()
  #watching: Promise<void> | undefined

  constructor(options: ProbeOptions) {
    this.#options = options
  }

  start(): void {
    this.#watching ??= this.#watch()
  }

  /** Resolves once no loop touches the words any more, which takes one probe at most. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#options.words.ring()
    await this.#watching
  }

  async #watch(): Promise<void> {
    const { words, upstreams } = this.#options
    const loops = new Set<Promise<void>>()
    while (!this.#stop.signal.aborted) {
      const seen = words.rings
      for (const [index, upstream] of upstreams.entries()) {
        if (!words.isProbeWanted(index) || this.#running.has(index)) continue
        const loop = this.#probeUntilAlive(index, upstream).finally(() => loops.delete(loop))
        loops.add(loop)
      }
      await words.waitForRing(seen)
    }
    await Promise.all(loops)
  }

  async #probeUntilAlive(index: number, upstream: Endpoint): Promise<void> {
    const { words, intervalMs, probe, onFailure } = this.#options
    const { signal } = this.#stop
    this.#running.add(index)
    while (!signal.aborted) {
      const isAlive = await probe(upstream)
      if (signal.aborted) break
      if (isAlive) {
        // Before the word is cleared: a shard that rings right after must find no loop running.
        this.#running.delete(index)
        words.probeSucceeded(index)
        return
      }
      words.probeFailed(index)
      onFailure(upstream)
      // Rejects when stopped, and the loop's condition ends it.
      await pause(intervalMs, undefined, { ref: false, signal }).catch(() => undefined)
    }
    this.#running.delete(index)
  }
}
