// Keeps the shards serving: starts them, replaces those that die or hang, frees the shared memory
// that dead ones held, and moves all of them from one generation to the next. server.ts decides on
// the configuration, and runs main's part of it.

import { availableParallelism } from 'node:os'
import type { Clock } from '../../base/time/clock.ts'
import type { CacheMemory } from '../../cache/cache-memory.ts'
import { messageOf } from '../../chain/errors.ts'
import { isOfStreamShards, type TlsServing, withRenewed } from '../../chain/listening.ts'
import type { Logger } from '../../log/logger.ts'
import { restWord } from '../../memory/heartbeat.ts'
import type { InvalidationBoard } from '../../memory/invalidation-board.ts'
import type { HashSeed } from '../../memory/keyed-hash.ts'
import type { ShardCounters } from '../../metrics/shard-counts.ts'
import type { EngineName } from '../../net/engine.ts'
import type { Quiescence } from '../../records/heap.ts'
import type { FailedMessage, FromShard, GenerationMessage } from '../../shard/messages.ts'
import { nameToText } from '../../wire/name.ts'
import { type DeathCounts, type DeathReason, DeathRecord } from './deaths.ts'
import { HeartWatch, type Reason } from './heart-watch.ts'
import { type RunningShard, ShardPool } from './pool.ts'
import {
  type AtHand,
  type DeathError,
  diedAtAgain,
  isOutOfMemory,
  type LastQuestion,
  lastQuestion,
  questionsAtHand,
} from './post-mortem.ts'
import { QuietWatch } from './quiet-watch.ts'
import { Renewals } from './renewals.ts'
import { type InflightBytes, ShardMemory } from './shard-memory.ts'
import { pluginsText, SlowLoads } from './slow-loads.ts'
import { readThread } from './thread-reading.ts'

const REFUSE_SECONDS = 60
/** Shards that may die while they load a configuration before it is given up. */
const MOST_TRIALS = 2

/** The log's text for each reason to end a shard. */
const REASON_TEXT: Readonly<Record<Reason, string>> = {
  hang: 'does not respond',
  blocked: 'does not respond',
  load: 'does not take on its configuration',
}

export interface SupervisorOptions {
  /** All that there may be, stream shards among them. */
  readonly shards: number
  /** The last of them. They begin with the first configuration that has a listener for them. */
  readonly streamShards: number
  readonly heapLimitBytes: number
  readonly recvBufferBytes: number
  readonly maxTcpConnections: number
  readonly inflightBytes: number
  readonly canReusePort: boolean
  readonly engine: EngineName
  readonly noFastPath: boolean
  /** Receives the log lines of shards. Absent: they write to standard output themselves. */
  readonly takeLines?: ((lines: Uint8Array) => void) | undefined
  /** Offsets in the region's rows of counts. */
  readonly counters: ShardCounters
  /**
   * Called when a shard has fallen back from the mmsg engine to node:dgram; with undefined once the
   * shard has been started again.
   */
  readonly onFallback: (shard: number, reason: string | undefined) => void
  readonly workerFile?: URL
  /** Called before a shard is started anew. */
  readonly onRestart: () => void
  readonly hashSeed: HashSeed
  readonly cache: CacheMemory
  readonly clock: Clock
  readonly log: Logger
  readonly deaths: DeathCounts
  /** Ends the process with exit code 1. */
  readonly fatal: (text: string) => void
}

/** A generation with the data that main needs to clean up after it. */
export interface SupervisedGeneration {
  readonly message: GenerationMessage
  /** Word offsets of its permit rows. */
  readonly permits: readonly number[]
  /** Called once no shard serves the generation any more. */
  readonly retired: () => void
}

/** The reason why no shard serves a generation. */
export class LoadError extends Error {
  readonly failure: Pick<FailedMessage, 'error' | 'block'>

  constructor(failure: Pick<FailedMessage, 'error' | 'block'>) {
    super(failure.error)
    this.name = 'LoadError'
    this.failure = failure
  }
}

/** A shard's answer, if it has given one. */
interface Asked {
  readonly slot: Slot
  readonly running: RunningShard
  readonly answer: FromShard | undefined
}

interface Slot {
  readonly index: number
  running: RunningShard
  /** The generation that this worker serves; 0 before its first. */
  serves: number
  /** The generation that it is loading and that is not in force yet; 0 for none. */
  tries: number
  /** Generations that it has not reported retired. */
  readonly holds: Set<number>
  answer: ((message: FromShard | undefined) => void) | undefined
  /** Pending while a new shard is being moved to the generation in force. */
  bringing: Promise<void> | undefined
  /** Why main ended the worker that runs now. */
  ended: Reason | undefined
  /** Its first worker has warmed up, or has died: readiness does not wait for successors. */
  isWarm: boolean
  /** What the worker before had not answered when it died. */
  left: AtHand | undefined
}

export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #pool: ShardPool
  readonly #memory: ShardMemory
  /** By the number of the shard; without stream shards until they begin. */
  readonly #slots: Slot[] = []
  readonly #deaths = new DeathRecord()
  readonly #hearts: HeartWatch
  readonly #quiet: QuietWatch
  readonly #generations = new Map<number, SupervisedGeneration>()
  #watch: NodeJS.Timeout | undefined
  readonly #loads = new SlowLoads()
  /**
   * Plugins whose halves were being loaded by shards that main has ended since the last move began.
   */
  readonly #stuckAt = new Set<string>()
  /** The same for shards that ended by themselves, too. */
  readonly #diedAt = new Set<string>()
  readonly #renewals = new Renewals()
  #current: SupervisedGeneration | undefined
  #isStopping = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#memory = new ShardMemory(options.shards)
    this.#quiet = new QuietWatch(options.shards, shard => this.#memory.work(shard))
    // Threads run from here on.
    const { heapLimitBytes, workerFile } = options
    this.#pool = new ShardPool({
      shards: this.#ordinary,
      heapLimitBytes,
      ...(workerFile && { workerFile }),
    })
    this.#hearts = this.#makeWatch(options.shards)
    for (let index = 0; index < this.#ordinary; index++) this.#begin(index)
    for (let index = this.#ordinary; index < options.shards; index++) this.#absent(index)
    this.#watchOn()
  }

  /** Shards that there are always: their numbers come first. */
  get #ordinary(): number {
    return this.#options.shards - this.#options.streamShards
  }

  #begin(index: number): void {
    const slot = {
      index,
      serves: 0,
      tries: 0,
      holds: new Set<number>(),
      answer: undefined,
      bringing: undefined,
      ended: undefined,
      // Where others serve already, nobody waits for it.
      isWarm: this.#current !== undefined,
      left: undefined,
    }
    this.#slots.push(this.#start(slot as unknown as Slot))
  }

  #absent(index: number): void {
    this.#hearts.absent(index)
    this.#memory.absent(index)
  }

  /** Whether no shard is left whose start `/ready` waits for. Stays true. */
  get isWarm(): boolean {
    return this.#slots.every(({ isWarm }) => isWarm)
  }
  /** Whether they have begun. */
  get hasStreamShards(): boolean {
    return this.#slots.length > this.#ordinary
  }
  /** The region, and where in it each shard's counts begin. */
  get regionWords(): Int32Array {
    return this.#memory.words
  }
  /** Sets the limit of traffic in bytes, at most the one that the shards began with. */
  limitInflight(bytes: number): void {
    this.#memory.limitInflight(bytes)
  }
  /** Bytes that clients' traffic holds, by kind. */
  get inflight(): InflightBytes {
    return this.#memory.inflight
  }
  /** Whether a shard has just had its last work for a while. To be asked every few seconds. */
  hasLoadEnded(): boolean {
    return this.#quiet.look().length > 0
  }
  get countRows(): readonly number[] {
    return this.#memory.countRows
  }
  get changes(): InvalidationBoard {
    return this.#memory.changes
  }
  /** A mark ends the rest of all shards: somebody waits for their beats. */
  get quiescence(): Quiescence {
    const { mark, hasPassed } = this.#memory.quiescence
    const markAndRouse = (): readonly number[] => {
      const beats = mark()
      for (const { index, running } of this.#slots)
        if (this.#hearts.rouse(index)) running.send({ kind: 'beat' })
      return beats
    }
    return { mark: markAndRouse, hasPassed }
  }

  /**
   * Moves all shards to a generation: one loads it, then all others, then all commit. Throws with
   * the first shard's failure text, and then every shard serves what it served before. A shard that
   * dies during the move does not fail it; its successor gets the generation that results.
   */
  async move(generation: SupervisedGeneration): Promise<void> {
    const { id } = generation.message
    this.#generations.set(id, generation)
    this.#stuckAt.clear()
    this.#diedAt.clear()
    const hasBegun = this.#beginStreamShards(generation.message)
    const asked = await this.#loadAll(generation.message)
    const failure = this.#failureOf(asked)
    if (failure !== undefined) {
      for (const slot of this.#slots) slot.running.send({ kind: 'abort', id })
      this.#generations.delete(id)
      if (hasBegun) await this.#endStreamShards()
      throw new LoadError(failure)
    }
    this.#current = generation
    // One that has died since it loaded has a successor, which has not and would not answer.
    const loaded = asked.filter(
      ({ slot, running, answer }) => answer !== undefined && slot.running === running,
    )
    await Promise.all(loaded.map(({ slot }) => this.#commit(slot, id)))
    for (const slot of this.#slots) if (slot.serves !== id) this.#bring(slot)
    this.#collectRetired()
  }

  /**
   * Starts them if the configuration has a listener for them and they do not run yet. True if so.
   */
  #beginStreamShards({ listeners }: GenerationMessage): boolean {
    const { shards } = this.#options
    const isNeeded = listeners.some(({ scheme }) => isOfStreamShards(scheme))
    if (!isNeeded || this.hasStreamShards || this.#isStopping) return false
    for (let index = this.#ordinary; index < shards; index++) this.#begin(index)
    return true
  }

  /** Nothing is in force that needs them. */
  async #endStreamShards(): Promise<void> {
    const slots = this.#slots.splice(this.#ordinary)
    for (const { index, running } of slots) {
      this.#hearts.absent(index)
      running.discard()
    }
    await Promise.all(slots.map(({ running }) => running.exited))
  }

  /**
   * Brings a renewed certificate to all shards, and to those that begin later. Resolves once no
   * handshake begins with the one before.
   */
  async renew(tls: TlsServing): Promise<void> {
    for (const { message } of this.#generations.values())
      for (const listener of message.listeners) listener.tls = withRenewed(listener.tls, tls)
    await Promise.all(this.#slots.map(({ running }) => this.#renewals.send(running, tls)))
  }

  /** Shards that build the same chains: what one of them has loaded, the others can load, too. */
  get #kinds(): Slot[][] {
    return [this.#slots.slice(0, this.#ordinary), this.#slots.slice(this.#ordinary)]
  }

  async #loadAll(generation: GenerationMessage): Promise<Asked[]> {
    const isTried = this.#current !== undefined || (generation.modules?.length ?? 0) > 0
    if (!isTried) return Promise.all(this.#slots.map(slot => this.#tryLoad(slot, generation)))
    const asked: Asked[] = []
    for (const slots of this.#kinds) {
      asked.push(...(await this.#loadOneFirst(slots, generation)))
      if (this.#failureOf(asked) !== undefined) break
    }
    return asked
  }

  /** Undefined if at least one shard of each kind that was asked has loaded it. */
  #failureOf(asked: readonly Asked[]): Pick<FailedMessage, 'error' | 'block'> | undefined {
    const failed = asked.map(({ answer }) => answer).find(answer => answer?.kind === 'failed')
    if (failed !== undefined) return failed
    const answers = this.#kinds
      .map(slots => asked.filter(({ slot }) => slots.includes(slot)))
      .filter(ofKind => ofKind.length > 0)
    const isDone = answers.every(ofKind => ofKind.some(({ answer }) => answer !== undefined))
    return isDone ? undefined : this.#noneLoaded()
  }

  /**
   * A configuration at which shards hang must not stop all of them: one loads it first, while the
   * others serve, and they follow when it is done. One shard may die in this time for any reason;
   * two deaths are blamed on the configuration. At the start this is so with plugins from outside:
   * if all shards hung in one, each would get the processors for its share of the time only, and
   * would use its patience up that much later.
   */
  async #loadOneFirst(slots: readonly Slot[], generation: GenerationMessage): Promise<Asked[]> {
    const asked: Asked[] = []
    const left = [...slots]
    while (asked.at(-1)?.answer === undefined) {
      const slot = left.shift()
      const isTriedEnough =
        asked.length >= MOST_TRIALS || (asked.length > 0 && this.#stuckAt.size > 0)
      if (slot === undefined || isTriedEnough) return asked
      asked.push(await this.#tryLoad(slot, generation))
    }
    if (asked.at(-1)?.answer?.kind === 'failed') return asked
    return [...asked, ...(await Promise.all(left.map(slot => this.#tryLoad(slot, generation))))]
  }

  async #tryLoad(slot: Slot, generation: GenerationMessage): Promise<Asked> {
    while (slot.bringing !== undefined) await slot.bringing
    const { running } = slot
    slot.tries = generation.id
    const answer = await this.#load(slot, generation)
    slot.tries = 0
    return { slot, running, answer }
  }

  /**
   * All shards that were asked ended without an answer: if all were loading the same plugin, it is
   * to blame.
   */
  #noneLoaded(): Pick<FailedMessage, 'error'> {
    const stuck = onlyOf(this.#stuckAt)
    if (stuck !== undefined)
      return { error: `plugin/${stuck}: its serve half does not come to an end` }
    const plugin = onlyOf(this.#diedAt)
    return plugin === undefined
      ? { error: 'no shard could load the configuration' }
      : { error: `plugin/${plugin}: its serve half ends the shard that loads it` }
  }

  /**
   * Asks all shards to end: queries in progress are answered within `graceMs`, those that come in
   * this time within `graceMs` more; then sockets are closed.
   */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#watch)
    for (const slot of this.#slots) {
      this.#hearts.rouse(slot.index)
      slot.running.send({ kind: 'stop', graceMs })
    }
    const patience = Promise.withResolvers<void>()
    const timer = setTimeout(patience.resolve, 2 * graceMs + 500)
    await Promise.race([
      Promise.all(this.#slots.map(slot => slot.running.exited)),
      patience.promise,
    ])
    clearTimeout(timer)
    await this.#pool.destroy()
    this.#memory.left()
  }

  #makeWatch(shards: number): HeartWatch {
    const { words, layout } = this.#memory
    return new HeartWatch({
      words,
      offset: layout.heartbeats,
      shards,
      crowding: Math.max(1, shards / availableParallelism()),
      readThread: shard => readThread(this.#slots[shard]?.running.threadNumber),
      handling: shard => this.#memory.handling(shard),
      onLate: this.#options.deaths.late,
      onRest: shard => void this.#hurryAfterRest(shard),
    })
  }

  #watchOn(): void {
    clearTimeout(this.#watch)
    this.#watch = setTimeout(() => {
      this.#look()
      this.#watchOn()
    }, this.#hearts.paceMs)
  }

  async #hurryAfterRest(shard: number): Promise<void> {
    const { words, layout } = this.#memory
    await Atomics.waitAsync(words, restWord(layout.heartbeats, shard), 1).value
    if (this.#isStopping) return
    this.#hearts.hurry(this.#options.clock.ms())
    this.#watchOn()
  }

  #start(slot: Slot): Slot {
    const { index } = slot
    const { shards, streamShards, hashSeed, engine, noFastPath, counters } = this.#options
    const { recvBufferBytes, maxTcpConnections, inflightBytes, canReusePort } = this.#options
    this.#memory.countIncarnation(index)
    const { region, layout: regionLayout } = this.#memory
    const inbound = this.#memory.inbound(index)
    const sockets = {
      recvBufferBytes,
      maxTcpConnections,
      inflightBytes,
      canReusePort,
      engine,
      inbound,
    }
    const boot = {
      shard: index,
      handsLines: this.#options.takeLines !== undefined,
      shards,
      streamShards,
      region,
      regionLayout,
      hashSeed,
      ...sockets,
      noFastPath,
      counters,
    }
    const running = this.#pool.start(boot, message => {
      if (slot.running === running) this.#receive(slot, message)
    })
    slot.running = running
    this.#options.onFallback(index, undefined)
    slot.serves = 0
    slot.ended = undefined
    slot.holds.clear()
    this.#hearts.started(index)
    void running.exited.then(error => this.#exited(slot, error))
    return slot
  }

  #receive(slot: Slot, message: FromShard): void {
    const { index } = slot
    if (message.kind === 'loading') {
      this.#loads.begun(index, message.plugins, this.#options.clock.ms())
      this.#hearts.atHalf(index)
    } else if (message.kind === 'lines') this.#takeLines(slot, message.bytes)
    else if (message.kind === 'fatal') this.#options.fatal(message.text)
    else if (message.kind === 'fallback') this.#options.onFallback(index, message.reason)
    else if (message.kind === 'warm') slot.isWarm = true
    else if (message.kind === 'retired') {
      slot.holds.delete(message.id)
      this.#collectRetired()
    } else if (message.kind === 'secured') this.#renewals.secured(slot.running, message)
    else slot.answer?.(message)
  }

  #takeLines({ running }: Slot, bytes: Uint8Array): void {
    this.#options.takeLines?.(bytes)
    running.send({ kind: 'taken', byteCount: bytes.length })
  }

  /** Undefined when the shard died before it answered, or takes too long and is ended. */
  #ask(slot: Slot, send: () => void): Promise<FromShard | undefined> {
    const { promise, resolve } = Promise.withResolvers<FromShard | undefined>()
    this.#hearts.asked(slot.index)
    slot.answer = resolve
    send()
    return promise.finally(() => {
      // When the shard has died, its successor may have been asked already.
      if (slot.answer !== resolve) return
      this.#hearts.answered(slot.index)
      slot.answer = undefined
    })
  }

  #load(slot: Slot, generation: GenerationMessage): Promise<FromShard | undefined> {
    return this.#ask(slot, () => slot.running.send({ kind: 'load', generation })).finally(() =>
      this.#loads.ended(slot.index),
    )
  }

  async #commit(slot: Slot, id: number): Promise<void> {
    slot.holds.add(id)
    const answer = await this.#ask(slot, () => slot.running.send({ kind: 'commit', id }))
    if (answer?.kind !== 'committed') return
    slot.serves = id
    this.#hearts.booted(slot.index)
  }

  /** Moves a new shard to the generation in force, also if that changes while it loads. */
  #bring(slot: Slot): void {
    slot.bringing ??= this.#bringUp(slot).finally(() => {
      slot.bringing = undefined
    })
  }

  async #bringUp(slot: Slot): Promise<void> {
    while (
      !this.#isStopping &&
      this.#slots.includes(slot) &&
      this.#current !== undefined &&
      slot.serves !== this.#current.message.id
    ) {
      const generation = this.#current.message
      const { running } = slot
      const answer = await this.#load(slot, generation)
      if (answer?.kind === 'loaded') await this.#commit(slot, generation.id)
      else if (answer?.kind === 'failed') {
        this.#options.log.error(`shard ${slot.index}: ${answer.error}`)
        slot.ended = 'load'
        running.terminate()
        await running.exited
      }
    }
  }

  #look(): void {
    const { clock, log } = this.#options
    const nowMs = clock.ms()
    for (const { shard, plugins } of this.#loads.look(nowMs))
      log.warning(`shard ${shard} takes long to load ${pluginsText(plugins)}`)
    for (const { shard, reason } of this.#hearts.look(nowMs)) {
      const plugins = this.#loads.at(shard)
      const during = plugins.length === 0 ? '' : ` while it loads ${pluginsText(plugins)}`
      log.error(`shard ${shard} ${REASON_TEXT[reason]}${during}: replacing it`)
      for (const plugin of plugins) this.#stuckAt.add(plugin)
      const slot = this.#slots[shard]!
      slot.ended = reason
      // The exit that follows starts a successor.
      slot.running.terminate()
    }
  }

  #exited(slot: Slot, error: DeathError): void {
    if (this.#isStopping) {
      // A move in progress comes to its end.
      slot.answer?.(undefined)
      return
    }
    const { log, clock, deaths, fatal } = this.#options
    const permits = [...this.#generations.values()].map(({ message, permits: offsets }) => ({
      words: message.words,
      offsets,
    }))
    this.#memory.sweep(slot.index, this.#options.cache, permits)
    if (!this.#slots.includes(slot)) {
      this.#absent(slot.index)
      slot.answer?.(undefined)
      return
    }
    slot.isWarm = true
    const isTrial = slot.tries > 0
    if (isTrial) for (const plugin of this.#loads.at(slot.index)) this.#diedAt.add(plugin)
    slot.answer?.(undefined)
    slot.holds.clear()
    deaths.replaced(reasonOf(slot, error))
    // A thread that could not begin has left what the one before it was at.
    const { noted, atHand } = slot.running.hasBegun
      ? this.#examine(slot, error)
      : { noted: undefined, atHand: [] }
    const during = noted === undefined ? '' : ` while it handled ${nameToText(noted.question)}`
    log.error(`shard ${slot.index} died${during}: ${error?.message ?? 'its task ended'}`)
    // A death while loading a configuration that is not in force only ends that load.
    const verdict =
      isTrial && noted === undefined ? 'replace' : this.#deaths.add(clock.ms(), noted?.hash, atHand)
    if (verdict === 'refuse' && noted !== undefined) this.#refuse(noted, 'has killed two shards')
    if (verdict === 'too-many') {
      const repeated = this.#deaths.takeRepeated()
      if (repeated.length === 0) {
        fatal('shards keep dying: five deaths in ten seconds')
        return
      }
      for (const question of repeated)
        this.#refuse(question, 'was not answered when shards died again and again')
    }
    this.#options.onRestart()
    this.#start(slot)
    this.#bring(slot)
    this.#collectRetired()
  }

  /** Which question has killed the worker, if one did, and what it had not answered. */
  #examine(
    slot: Slot,
    error: DeathError,
  ): { readonly noted: LastQuestion | undefined; readonly atHand: readonly LastQuestion[] } {
    const { hashSeed } = this.#options
    const remains = this.#memory.remains(slot.index)
    const now = questionsAtHand(remains, hashSeed)
    const again = diedAtAgain(slot.left, now)
    slot.left = now
    const noted = lastQuestion(remains, hashSeed, error, this.#hearts.stoodStillAt(slot.index))
    const { handled, waiting } = now
    return {
      noted: noted ?? again,
      atHand: handled === undefined ? waiting : [handled, ...waiting],
    }
  }

  #refuse({ hash, question }: LastQuestion, why: string): void {
    const { log, clock, deaths } = this.#options
    log.error(`${nameToText(question)} ${why}: refused for ${REFUSE_SECONDS} seconds`)
    deaths.refused()
    this.#memory.refuse(hash, clock.seconds() + REFUSE_SECONDS)
  }

  #collectRetired(): void {
    for (const [id, generation] of this.#generations) {
      if (generation === this.#current || this.#slots.some(slot => slot.holds.has(id))) continue
      // A generation that is being loaded is held by no shard yet, and is newer than the one in
      // force.
      if (id > (this.#current?.message.id ?? 0)) continue
      this.#generations.delete(id)
      try {
        generation.retired()
      } catch (error) {
        // Memory that is not freed is lost; the shards serve on.
        this.#options.log.error(`a configuration did not end well: ${messageOf(error)}`)
      }
    }
  }
}

const onlyOf = (names: ReadonlySet<string>): string | undefined => {
  const [name, ...others] = names
  return others.length === 0 ? name : undefined
}

const reasonOf = ({ ended }: Slot, error: DeathError): DeathReason =>
  ended ?? (isOutOfMemory(error) ? 'memory' : 'died')
