// The memory that main makes for its shards and that outlives them: the region, and the receive
// memory of each. Reads it while they live, and cleans it up when one has died.

import type { CacheMemory } from '../../cache/cache-memory.ts'
import { BlackBox } from '../../memory/black-box.ts'
import { DATAGRAM, drawnBytes, lowerBudget, STREAM, sweepBudget } from '../../memory/byte-budget.ts'
import { CLAIM_ENTRIES, sweepClaims } from '../../memory/claims.ts'
import { readBeat, readWork } from '../../memory/heartbeat.ts'
import type { InvalidationBoard } from '../../memory/invalidation-board.ts'
import { sweepPermits } from '../../memory/permits.ts'
import { refuse } from '../../memory/refused.ts'
import {
  LINE_WORDS,
  layoutRegion,
  makeRegion,
  type RegionLayout,
  SHARD_COUNT_WORDS,
} from '../../memory/region.ts'
import { datagramSequence, makeInboundMemory } from '../../net/mmsg/inbound-layout.ts'
import type { Quiescence } from '../../records/heap.ts'
import type { Handling } from './heart-watch.ts'
import type { Remains } from './post-mortem.ts'

/** Permits of a generation: its words, and the offsets of its rows. */
export interface PermitRows {
  readonly words: SharedArrayBuffer
  readonly offsets: readonly number[]
}

/** The part of the budget that clients' traffic holds, over all shards. */
export interface InflightBytes {
  readonly stream: number
  readonly datagram: number
}

export class ShardMemory {
  readonly shards: number
  readonly layout: RegionLayout
  readonly region: SharedArrayBuffer
  readonly words: Int32Array
  /** Receive memory by shard: a successor handles the datagrams that a dead shard has left. */
  readonly #inbound: readonly SharedArrayBuffer[]
  readonly #inboundWords: readonly Int32Array[]
  /** Shards for which no worker runs, and none is to. */
  readonly #absent = new Set<number>()
  #isLeft = false

  constructor(shards: number) {
    this.shards = shards
    this.layout = layoutRegion(shards)
    this.region = makeRegion(this.layout)
    this.words = new Int32Array(this.region)
    this.#inbound = Array.from({ length: shards }, makeInboundMemory)
    this.#inboundWords = this.#inbound.map(memory => new Int32Array(memory))
  }

  get changes(): InvalidationBoard {
    return { words: this.words, offset: this.layout.changes }
  }
  /** Word offsets in the region of each shard's counts. */
  get countRows(): readonly number[] {
    return this.#inbound.map((_, shard) => this.layout.counts + shard * SHARD_COUNT_WORDS)
  }

  limitInflight(bytes: number): void {
    lowerBudget(this.words, this.layout.budget, this.shards, bytes)
  }

  get inflight(): InflightBytes {
    const { words, layout, shards } = this
    return {
      stream: drawnBytes(words, layout.budget, shards, STREAM),
      datagram: drawnBytes(words, layout.budget, shards, DATAGRAM),
    }
  }

  /**
   * Tells when all shards have completed a turn of their event loops. A shard that is being
   * replaced has not, until its successor beats. One that is not there reads nothing.
   */
  get quiescence(): Quiescence {
    const beats = (): number[] =>
      this.#inbound.map((_, shard) => readBeat(this.words, this.layout.heartbeats, shard))
    const hasPassed = (mark: readonly number[]): boolean =>
      this.#isLeft ||
      beats().every((beat, shard) => beat !== mark[shard] || this.#absent.has(shard))
    return { mark: beats, hasPassed }
  }

  /** No shard runs any more, and none will be started. */
  left(): void {
    this.#isLeft = true
  }

  /** There is no worker for this shard, until one is counted. */
  absent(shard: number): void {
    this.#absent.add(shard)
  }

  inbound(shard: number): SharedArrayBuffer {
    return this.#inbound[shard]!
  }

  /** The work of the shard at this moment; it may go on during the call. */
  handling(shard: number): Handling {
    return {
      question: this.#box(shard).sequence,
      datagram: datagramSequence(this.#inboundWords[shard]!),
    }
  }

  /** Messages that the shard has taken and answered; wraps around. */
  work(shard: number): number {
    return readWork(this.words, this.layout.heartbeats, shard)
  }

  /** A worker is about to become this shard. */
  countIncarnation(shard: number): void {
    this.#absent.delete(shard)
    Atomics.add(this.words, this.layout.incarnations + shard * LINE_WORDS, 1)
  }

  /** Only after the worker's exit. */
  remains(shard: number): Remains {
    return { box: this.#box(shard), inbound: this.inbound(shard) }
  }

  /** Frees what the dead shard held in shared memory. Only after the worker's exit. */
  sweep(shard: number, cache: CacheMemory, permits: Iterable<PermitRows>): void {
    cache.sweep(shard + 1)
    sweepClaims(this.words, this.layout.claims, CLAIM_ENTRIES, shard + 1)
    sweepBudget(this.words, this.layout.budget, shard)
    for (const { words, offsets } of permits) {
      for (const offset of offsets) sweepPermits(new Int32Array(words), offset, this.shards, shard)
    }
  }

  refuse(questionHash: number, untilSeconds: number): void {
    refuse(this.words, this.layout.refused, questionHash, untilSeconds)
  }

  #box(shard: number): BlackBox {
    return new BlackBox(this.words, this.layout.blackBoxes, shard)
  }
}
