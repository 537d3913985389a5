// Keeps N shards serving: starts them, replaces those that die or hang, sweeps what the dead held, and moves all of them from one generation
// to the next. Which configuration that is, and what main does around it, stands in service.ts.

import type { CacheMemory } from './cache/cache-memory.ts'
import type { Clock } from './core/clock.ts'
import type { Logger } from './core/logger.ts'
import { DeathRecord } from './death-record.ts'
import { HeartWatch, WATCH_MS } from './heart-watch.ts'
import { BlackBox } from './memory/black-box.ts'
import type { ChangeBoard } from './memory/change-board.ts'
import { CLAIM_ENTRIES, sweepClaims } from './memory/claims.ts'
import { readBeat } from './memory/heartbeat.ts'
import type { HashSeed } from './memory/keyed-hash.ts'
import { sweepPermits } from './memory/permits.ts'
import { refuse } from './memory/refused.ts'
import { LINE_WORDS, layoutRegion, makeRegion, type RegionLayout, SHARD_COUNT_WORDS } from './memory/region.ts'
import type { EngineName } from './net/engine.ts'
import { makeInboundMemory } from './net/mmsg/inbound-layout.ts'
import { type RunningShard, ShardPool } from './pool.ts'
import { lastQuestion } from './post-mortem.ts'
import type { Quiescence } from './records/heap.ts'
import type { FromShard, GenerationMessage } from './server/boot.ts'
import type { ShardCounters } from './server/shard-counts.ts'
import { nameToText } from './wire/name.ts'

const REFUSE_SECONDS = 60
const LOAD_LIMIT_MS = 30_000

export interface SupervisorOptions {
  readonly shards: number
  readonly heapLimitBytes: number
  readonly recvBufferBytes: number
  readonly maxTcpConnections: number
  readonly canReusePort: boolean
  readonly engine: EngineName
  readonly noFastPath: boolean
  /** Offsets in the region's rows of counts. */
  readonly counters: ShardCounters
  /** A shard's mmsg engine has given way to node:dgram; undefined once the shard has been started anew. */
  readonly onFallback: (shard: number, reason: string | undefined) => void
  readonly workerFile?: URL
  readonly hashSeed: HashSeed
  readonly cache: CacheMemory
  readonly clock: Clock
  readonly log: Logger
  /** Ends the process with exit code 1. */
  readonly fatal: (text: string) => void
}

/** A generation with what main must know to sweep it. */
export interface SupervisedGeneration {
  readonly message: GenerationMessage
  /** Word offsets of its permit rows. */
  readonly permits: readonly number[]
  /** Called once no shard serves the generation any more. */
  readonly retired: () => void
}

interface Slot {
  readonly index: number
  running: RunningShard
  /** The generation that this worker serves; 0 before its first. */
  serves: number
  /** Generations that it has not reported retired. */
  readonly holds: Set<number>
  answer: ((message: FromShard | undefined) => void) | undefined
  /** Under way while a fresh shard is being given the generation in force. */
  bringing: Promise<void> | undefined
}

export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #pool: ShardPool
  readonly #layout: RegionLayout
  readonly #region: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #slots: Slot[] = []
  /** Where the shards receive, by shard: what a dead one left is its successor's. */
  readonly #inbound: readonly SharedArrayBuffer[]
  readonly #deaths = new DeathRecord()
  readonly #hearts: HeartWatch
  readonly #generations = new Map<number, SupervisedGeneration>()
  readonly #watch: NodeJS.Timeout
  #current: SupervisedGeneration | undefined
  #isStopping = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#pool = new ShardPool(options)
    this.#layout = layoutRegion(options.shards)
    this.#region = makeRegion(this.#layout)
    this.#words = new Int32Array(this.#region)
    this.#hearts = new HeartWatch(this.#words, this.#layout.heartbeats, options.shards)
    this.#inbound = Array.from({ length: options.shards }, makeInboundMemory)
    for (let index = 0; index < options.shards; index++) {
      const slot = {
        index,
        serves: 0,
        holds: new Set<number>(),
        answer: undefined,
        bringing: undefined,
      }
      this.#slots.push(this.#start(slot as unknown as Slot))
    }
    this.#watch = setInterval(() => this.#look(), WATCH_MS)
  }

  /** The region, and where in it each shard's counts begin. */
  get regionWords(): Int32Array {
    return this.#words
  }
  get changes(): ChangeBoard {
    return { words: this.#words, offset: this.#layout.changes }
  }
  get countRows(): readonly number[] {
    return this.#inbound.map((_, shard) => this.#layout.counts + shard * SHARD_COUNT_WORDS)
  }

  /** When all shards have come round to their event loops. A shard that is being replaced has not, until its successor beats. */
  get quiescence(): Quiescence {
    const beats = (): number[] => this.#inbound.map((_, shard) => readBeat(this.#words, this.#layout.heartbeats, shard))
    return { mark: beats, hasPassed: mark => beats().every((beat, shard) => beat !== mark[shard]) }
  }

  /**
   * Moves all shards to a generation: all load it, then all commit. Throws with the first shard's failure text, and then every shard serves
   * what it served before. A shard that dies meanwhile does not fail the move; its successor gets what was decided.
   */
  async move(generation: SupervisedGeneration): Promise<void> {
    const { id } = generation.message
    this.#generations.set(id, generation)
    await Promise.all(this.#slots.map(slot => slot.bringing))
    const asked = this.#slots.map(slot => slot.running)
    const answers = await Promise.all(this.#slots.map(slot => this.#load(slot, generation.message)))
    const failure = answers.find(answer => answer?.kind === 'failed')
    if (failure !== undefined || answers.every(answer => answer === undefined)) {
      for (const slot of this.#slots) slot.running.send({ kind: 'abort', id })
      this.#generations.delete(id)
      throw new Error(failure?.kind === 'failed' ? failure.error : 'no shard could load the configuration')
    }
    this.#current = generation
    // One that has died since it loaded has a successor, which has not and would not answer.
    const loaded = this.#slots.filter((slot, n) => answers[n] !== undefined && slot.running === asked[n])
    await Promise.all(loaded.map(slot => this.#commit(slot, id)))
    for (const slot of this.#slots) if (slot.serves !== id) this.#bring(slot)
    this.#collectRetired()
  }

  /** Asks all shards to end: what is under way is answered within `graceMs`, what comes meanwhile within `graceMs` more, sockets closed. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    clearInterval(this.#watch)
    for (const slot of this.#slots) slot.running.send({ kind: 'stop', graceMs })
    await Promise.race([
      Promise.all(this.#slots.map(slot => slot.running.exited)),
      new Promise(resolve => setTimeout(resolve, 2 * graceMs + 500)),
    ])
    await this.#pool.destroy()
  }

  #start(slot: Slot): Slot {
    const { index } = slot
    const { shards, hashSeed, clock, engine, noFastPath, counters } = this.#options
    const { recvBufferBytes, maxTcpConnections, canReusePort } = this.#options
    Atomics.add(this.#words, this.#layout.incarnations + index * LINE_WORDS, 1)
    const region = this.#region
    const regionLayout = this.#layout
    const inbound = this.#inbound[index]!
    const sockets = { recvBufferBytes, maxTcpConnections, canReusePort, engine, inbound }
    const boot = { shard: index, shards, region, regionLayout, hashSeed, ...sockets, noFastPath, counters }
    const running = this.#pool.start(boot, message => {
      if (slot.running === running) this.#receive(slot, message)
    })
    slot.running = running
    this.#options.onFallback(index, undefined)
    slot.serves = 0
    slot.holds.clear()
    this.#hearts.started(index, clock.ms())
    void running.exited.then(error => this.#exited(slot, error))
    return slot
  }

  #receive(slot: Slot, message: FromShard): void {
    if (message.kind === 'fatal') this.#options.fatal(message.text)
    else if (message.kind === 'fallback') this.#options.onFallback(slot.index, message.reason)
    else if (message.kind === 'retired') {
      slot.holds.delete(message.id)
      this.#collectRetired()
    } else slot.answer?.(message)
  }

  /** Undefined when the shard died before it answered, or takes too long and is ended. */
  #ask(slot: Slot, send: () => void): Promise<FromShard | undefined> {
    const { promise, resolve } = Promise.withResolvers<FromShard | undefined>()
    const { running } = slot
    const timer = setTimeout(() => running.terminate(), LOAD_LIMIT_MS)
    slot.answer = resolve
    send()
    return promise.finally(() => {
      clearTimeout(timer)
      slot.answer = undefined
    })
  }

  #load(slot: Slot, generation: GenerationMessage): Promise<FromShard | undefined> {
    return this.#ask(slot, () => slot.running.send({ kind: 'load', generation }))
  }

  async #commit(slot: Slot, id: number): Promise<void> {
    slot.holds.add(id)
    const answer = await this.#ask(slot, () => slot.running.send({ kind: 'commit', id }))
    if (answer?.kind !== 'committed') return
    slot.serves = id
    this.#hearts.booted(slot.index, this.#options.clock.ms())
  }

  /** Gives a fresh shard the generation in force, also if that changes meanwhile. */
  #bring(slot: Slot): void {
    slot.bringing ??= this.#bringUp(slot).finally(() => {
      slot.bringing = undefined
    })
  }

  async #bringUp(slot: Slot): Promise<void> {
    while (!this.#isStopping && this.#current !== undefined && slot.serves !== this.#current.message.id) {
      const generation = this.#current.message
      const { running } = slot
      const answer = await this.#load(slot, generation)
      if (answer?.kind === 'loaded') await this.#commit(slot, generation.id)
      else if (answer?.kind === 'failed') {
        this.#options.log.error(`shard ${slot.index}: ${answer.error}`)
        running.terminate()
        await running.exited
      }
    }
  }

  #look(): void {
    for (const shard of this.#hearts.silent(this.#options.clock.ms())) {
      this.#options.log.error(`shard ${shard} does not respond: replacing it`)
      // The exit that follows starts a successor.
      this.#slots[shard]?.running.terminate()
    }
  }

  #exited(slot: Slot, error: Error | undefined): void {
    if (this.#isStopping) return
    const { log, clock, fatal } = this.#options
    this.#sweep(slot)
    slot.answer?.(undefined)
    slot.holds.clear()
    const box = new BlackBox(this.#words, this.#layout.blackBoxes, slot.index)
    const noted = lastQuestion(box, this.#inbound[slot.index]!, this.#options.hashSeed, error)
    const during = noted === undefined ? '' : ` while it handled ${nameToText(noted.question)}`
    log.error(`shard ${slot.index} died${during}: ${error?.message ?? 'its task ended'}`)
    const verdict = this.#deaths.add(clock.ms(), noted?.hash)
    if (verdict === 'too-many') {
      fatal('shards keep dying: five deaths in ten seconds')
      return
    }
    if (verdict === 'refuse' && noted !== undefined) {
      log.error(`${nameToText(noted.question)} has killed two shards: refused for ${REFUSE_SECONDS} seconds`)
      refuse(this.#words, this.#layout.refused, noted.hash, clock.seconds() + REFUSE_SECONDS)
    }
    this.#start(slot)
    this.#bring(slot)
    this.#collectRetired()
  }

  /** Frees what the dead shard held in shared memory. Only after the worker's exit. */
  #sweep({ index }: Slot): void {
    const { cache, shards } = this.#options
    cache.sweep(index + 1)
    sweepClaims(this.#words, this.#layout.claims, CLAIM_ENTRIES, index + 1)
    for (const { message, permits } of this.#generations.values()) {
      const words = new Int32Array(message.words)
      for (const offset of permits) sweepPermits(words, offset, shards, index)
    }
  }

  #collectRetired(): void {
    for (const [id, generation] of this.#generations) {
      if (generation === this.#current || this.#slots.some(slot => slot.holds.has(id))) continue
      // A generation that is being loaded is held by nobody yet and newer than the one in force.
      if (id > (this.#current?.message.id ?? 0)) continue
      this.#generations.delete(id)
      generation.retired()
    }
  }
}
