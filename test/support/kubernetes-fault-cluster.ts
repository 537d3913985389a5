// The kubernetes plugin in this process, on a real test API server, with time that passes by
// number: main's half and one shard's.

import type { TestContext } from 'node:test'
import { systemClock } from '../../src/base/time/clock.ts'
import type { Timers } from '../../src/base/time/timers.ts'
import { kubernetes } from '../../src/plugins/kubernetes/index.ts'
import { ClusterSource, sourceIdentity } from '../../src/plugins/kubernetes/watch/cluster-source.ts'
import type { KubeApi } from '../fakes/kube-api/api-server.ts'
import { addressesIn, until } from './kubernetes-fault-server.ts'
import {
  type Chain,
  chain,
  fakeControl,
  fakeLogger,
  options,
  query,
  show,
} from './plugin-harness.ts'

/**
 * So that a pause between attempts is as long as no limit of a request: 1096, 2192, … 41,100 ms.
 */
const RANDOM = 0.37
const REQUEST_LIMITS_MS: readonly number[] = [30_000, 60_000]
/**
 * Shorter ones are no pauses between attempts: the first second of a watch, turns of the limiter.
 */
const SHORT_MS = 1000
const SECOND_MS = 1000
const LOOK_MS = 10
/** namespaces, services, endpointslices */
const WATCHED = 3

interface Pending {
  readonly atMs: number
  readonly delayMs: number
  readonly task: () => void
}

/** Time stands still but in `pass`, and there while a request is under way. */
export class VirtualTime implements Timers {
  #nowMs = 1000
  readonly #pending = new Set<Pending>()

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, task: () => void): () => void {
    const entry = { atMs: this.#nowMs + delayMs, delayMs, task }
    this.#pending.add(entry)
    return () => void this.#pending.delete(entry)
  }

  /**
   * Every reflector waits for time to go by: for an answer, in a watch, or before its next attempt.
   */
  get isWaiting(): boolean {
    return this.#long.length === WATCHED
  }

  /** Likewise, and no request is under way. */
  get isSettled(): boolean {
    return this.isWaiting && !this.#long.some(({ delayMs }) => REQUEST_LIMITS_MS.includes(delayMs))
  }

  get #long(): Pending[] {
    return [...this.#pending].filter(({ delayMs }) => delayMs > SHORT_MS)
  }

  settled(): Promise<void> {
    return until('the API client is in a watch or pauses', () => this.isSettled)
  }

  /** Every watch has broken, and its reflector pauses. */
  broken(): Promise<void> {
    const longestMs = Math.max(...REQUEST_LIMITS_MS)
    return until(
      'all watches are broken',
      () => this.isSettled && this.#long.every(({ delayMs }) => delayMs < longestMs),
    )
  }

  /**
   * Lets time go by, from one timer to the next; `between` runs before each. With `hanging`,
   * requests that are under way time out.
   */
  async pass(
    durationMs: number,
    between = async (): Promise<void> => undefined,
    { hanging = false } = {},
  ): Promise<void> {
    const endMs = this.#nowMs + durationMs
    do {
      await until('all wait for time to go by', () => (hanging ? this.isWaiting : this.isSettled))
      await between()
    } while (this.skip(endMs))
  }

  /**
   * Lets time go by until `isTrue` gives true: a second in each look, and what is under way has ten
   * real milliseconds of each.
   */
  passUntil(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
    return until(what, async () => {
      if (await isTrue()) return true
      await new Promise(resolve => setTimeout(resolve, LOOK_MS))
      const endMs = this.#nowMs + SECOND_MS
      while (this.isWaiting && this.skip(endMs)) if (await isTrue()) return true
      return false
    })
  }

  /**
   * Runs the next timer that is due until `endMs`, whatever is under way. False if there is none:
   * then it is `endMs`.
   */
  skip(endMs: number): boolean {
    const first = [...this.#pending]
      .filter(({ atMs }) => atMs <= endMs)
      .sort((a, b) => a.atMs - b.atMs)[0]
    this.#nowMs = Math.max(this.#nowMs, first?.atMs ?? endMs)
    if (first === undefined) return false
    this.#pending.delete(first)
    first.task()
    return true
  }
}

export interface FollowedCluster {
  readonly source: ClusterSource
  readonly time: VirtualTime
  readonly chain: Chain
  /** What the plugin has logged. */
  readonly logged: readonly string[]
  /** `RCODE address address`, sorted, of an A question. */
  addresses(name: string): Promise<string>
}

/**
 * Follows the cluster of `api` and waits for the first sync, unless `waits` is false. Ended with
 * `t`.
 */
export async function followCluster(
  t: TestContext,
  api: KubeApi,
  {
    text = 'kubernetes cluster.local',
    waits = true,
  }: { readonly text?: string; readonly waits?: boolean } = {},
): Promise<FollowedCluster> {
  const time = new VirtualTime()
  const logged: string[] = []
  const log = fakeLogger(logged)
  const parsed = options(kubernetes, text)
  const control = fakeControl({ log, clock: systemClock })
  const world = {
    env: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(api.port) },
    serviceAccountFolder: api.podFolder().path,
    userAgent: 'shardns/test',
  }
  const parts = { log, clock: systemClock, world, timers: time, random: () => RANDOM }
  const source = control.kept.get(
    sourceIdentity(parsed),
    resources => new ClusterSource(parsed, resources, parts),
  )
  t.after(() => control.kept.keepOnly([]))
  const made = await chain(kubernetes, text, { control })
  if (waits) await source.synced
  const addresses = async (name: string): Promise<string> =>
    addressesIn(show(await made.handle(query(name))))
  return { source, time, chain: made, logged, addresses }
}
