// A shard's life: it loads a new generation while the old one serves, swaps them between two
// messages, opens and closes listeners, sends heartbeats, and ends when main says so. It owns
// nothing that must outlive it.

import { setTimeout as pause } from 'node:timers/promises'
import type { MessagePort } from 'node:worker_threads'
import { systemClock } from '../base/time/clock.ts'
import { flushCompiled } from '../base/v8/compilers.ts'
import { CacheKey } from '../cache/key.ts'
import { isOfPluginAlone, messageOf, PluginFault } from '../chain/errors.ts'
import { type TlsServing, withRenewed } from '../chain/listening.ts'
import { FastQuery } from '../chain/query/fast-query.ts'
import { isOfSignal } from '../chain/query/query.ts'
import { type LogSink, makeLogger } from '../log/log.ts'
import type { Logger } from '../log/logger.ts'
import { BlackBox } from '../memory/black-box.ts'
import { ByteBudget } from '../memory/byte-budget.ts'
import { CLAIM_ENTRIES, Claims } from '../memory/claims.ts'
import { CounterRow } from '../memory/counters.ts'
import { WorkCount } from '../memory/heartbeat.ts'
import { SHARD_COUNT_WORDS } from '../memory/region.ts'
import { ShardCounts } from '../metrics/shard-counts.ts'
import { placeOf } from '../net/engine.ts'
import { STREAM_SHARD_TABLE, TcpRoom } from '../net/tcp/room.ts'
import { WaitingRoom } from '../net/waiting-room.ts'
import { faultOfBeginner, faultOfStray } from '../outside/blame.ts'
import { connectionsPerThread } from '../upstream/socket-allowance.ts'
import { Dispatcher } from './answer/dispatch.ts'
import { FastPath } from './answer/fast-path.ts'
import { LoadFailure, type Outward, ShardGeneration, type ShardParts } from './generation.ts'
import type { HandedLines } from './handed-lines.ts'
import { Binding, type BindingParts } from './listener.ts'
import type { BootMessage, FromShard, GenerationMessage, ToShard } from './messages.ts'
import { Pulse } from './pulse.ts'
import { UdpEngine } from './udp-engine.ts'

/** Time for queries of a replaced generation to end: more than the 5 s budget of a query. */
const RETIRE_GRACE_MS = 10_000

/** So long clients are served before the warm-up begins: who waits already is not kept waiting. */
const WARM_UP_DELAY_MS = 20

/** The output for log lines, and the object that sends them to main, if they go there. */
export interface ShardLog {
  readonly sink: LogSink
  readonly handed: HandedLines | undefined
}

type Order = Exclude<ToShard, { readonly kind: 'taken' | 'beat' }>

interface Candidate {
  readonly message: GenerationMessage
  readonly generation: ShardGeneration
  readonly opened: ReadonlyMap<string, Binding>
}

export class Shard {
  readonly #boot: BootMessage
  readonly #port: MessagePort
  readonly #parts: ShardParts
  readonly #bindingParts: BindingParts
  readonly #sink: LogSink
  readonly #log: Logger
  readonly #bindings = new Map<string, Binding>()
  readonly #ended = Promise.withResolvers<void>()
  #serving: ShardGeneration | undefined
  #candidate: Candidate | undefined
  #warming: Promise<void> | undefined
  #isStopping = false
  /** While a configuration is loaded: errors of promises without a handler. */
  #strays: unknown[] | undefined

  constructor(boot: BootMessage, port: MessagePort, { sink, handed }: ShardLog) {
    this.#boot = boot
    this.#port = port
    this.#sink = sink
    this.#log = makeLogger(sink, '', () => false)
    const { shard, regionLayout } = boot
    const region = new Int32Array(boot.region)
    const pulse = new Pulse(region, regionLayout.heartbeats, shard)
    const work = this.#workIn(region)
    work.onRoused = pulse.quicken
    void this.#ended.promise.then(() => pulse.end())
    this.#bindingParts = this.#makeBindingParts(region, work)
    this.#parts = this.#makeParts(region, this.#bindingParts.udp, {
      sink,
      fatal: text => this.#send({ kind: 'fatal', text }),
      loading: plugins => this.#send({ kind: 'loading', plugins }),
    })
    process.on('unhandledRejection', error => this.#stray(error))
    // An uncaught exception that has interrupted the program leaves an unknown state: it ends the
    // thread, and main logs its cause. A plugin's own callbacks interrupt nothing of the program,
    // nor do events of what it has opened.
    process.on('uncaughtException', error => {
      const isAlone = isOfSignal() || isOfPluginAlone(error) || faultOfBeginner(error) !== undefined
      if (this.#serving === undefined || !isAlone) throw faultOfStray(error)
      this.#serving.faults.stray(error)
    })
    // One message after the other: a load that is still opening sockets must not be overtaken by
    // its commit or abort.
    let last = Promise.resolve()
    port.on('message', (message: ToShard) => {
      pulse.quicken()
      if (message.kind === 'beat') pulse.beat()
      else if (message.kind === 'taken') handed?.taken(message.byteCount)
      else last = last.then(() => this.#handle(message))
    })
  }

  #workIn(regionWords: Int32Array): WorkCount {
    return new WorkCount(regionWords, this.#boot.regionLayout.heartbeats, this.#boot.shard)
  }

  #makeParts(regionWords: Int32Array, udp: UdpEngine, outward: Outward): ShardParts {
    const { shard, shards, streamShards, noFastPath, hashSeed, regionLayout } = this.#boot
    return {
      shard,
      shards,
      streamShards,
      clock: systemClock,
      noFastPath,
      claims: new Claims(regionWords, regionLayout.claims, CLAIM_ENTRIES, shard + 1),
      changes: { words: regionWords, offset: regionLayout.changes },
      hashSeed,
      udpPool: udp.udpPool,
      ...outward,
    }
  }

  /** `udp`: the engine, if there is one already. */
  #makeBindingParts(
    regionWords: Int32Array,
    work: WorkCount,
    log: Logger = this.#log,
    udp?: UdpEngine,
  ): BindingParts {
    const boot = this.#boot
    const { shard, shards, regionLayout, hashSeed, maxTcpConnections, inflightBytes } = boot
    const row = new CounterRow(regionWords, regionLayout.counts + shard * SHARD_COUNT_WORDS)
    const counts = new ShardCounts(row, boot.counters, work)
    const refusals = {
      key: new CacheKey(hashSeed),
      regionWords,
      refusedOffset: regionLayout.refused,
    }
    const blackBox = new BlackBox(regionWords, regionLayout.blackBoxes, shard)
    const isStreamShard = shard >= shards - boot.streamShards
    const sharers = isStreamShard ? boot.streamShards : shards - boot.streamShards
    const { budget: offset } = regionLayout
    // All stream shards have half the descriptors of those that serve plain DNS.
    const takers = isStreamShard ? 2 * sharers : sharers
    const budget = new ByteBudget(regionWords, offset, shards, shard, inflightBytes, sharers)
    const waitingRoom = new WaitingRoom(budget, hashSeed, () => counts.rejected('budget'))
    return {
      dispatcher: new Dispatcher({
        ...refusals,
        clock: systemClock,
        log,
        blackBox,
        counts,
        waitingRoom,
      }),
      fastPath: new FastPath(refusals),
      udp: udp ?? this.#makeEngine(counts),
      tcpRoom: new TcpRoom(
        Math.min(maxTcpConnections, connectionsPerThread(takers)),
        budget,
        systemClock,
        counts.tcp,
        isStreamShard ? STREAM_SHARD_TABLE : undefined,
      ),
      counts,
      log,
    }
  }

  #makeEngine(counts: ShardCounts): UdpEngine {
    return new UdpEngine({
      boot: this.#boot,
      query: new FastQuery(new CacheKey(this.#boot.hashSeed)),
      counts,
      log: this.#log,
      onFallback: reason => this.#send({ kind: 'fallback', reason }),
    })
  }

  /** Until main says stop. */
  run(): Promise<void> {
    return this.#ended.promise
  }

  #send(message: FromShard): void {
    this.#port.postMessage(message)
  }

  async #handle(message: Order): Promise<void> {
    if (message.kind === 'load') await this.#load(message.generation)
    else if (message.kind === 'commit') this.#commit(message.id)
    else if (message.kind === 'abort') await this.#abort(message.id)
    else if (message.kind === 'secure') this.#secure(message.tls)
    else await this.#stop(message.graceMs)
  }

  /**
   * A rejection without a handler belongs to no query any more, and is no reason to end all other
   * queries. Where nothing is served yet, it can only come from the load.
   */
  #stray(error: unknown): void {
    const generation = this.#serving ?? this.#candidate?.generation
    if (this.#serving === undefined && this.#strays !== undefined) this.#strays.push(error)
    else if (generation === undefined) throw error
    else generation.faults.stray(error)
  }

  async #load(message: GenerationMessage): Promise<void> {
    const opened = new Map<string, Binding>()
    const strays: unknown[] = (this.#strays = [])
    try {
      const generation = await ShardGeneration.load(message, this.#parts)
      this.#candidate = { message, generation, opened }
      for (const served of generation.listeners) {
        const key = placeOf(served.message)
        if (this.#bindings.has(key) || opened.has(key)) continue
        const binding = new Binding(served, this.#bindingParts)
        opened.set(key, binding)
        await binding.open(this.#boot)
      }
      // Node reports unhandled rejections only now.
      await new Promise(resolve => setImmediate(resolve))
      if (strays.length > 0) throw strayFailure(strays[0])
      this.#send({ kind: 'loaded', id: message.id })
    } catch (error) {
      await this.#abort(message.id)
      const block = error instanceof LoadFailure ? error.block : undefined
      this.#send({ kind: 'failed', id: message.id, error: messageOf(error), block })
    } finally {
      this.#strays = undefined
    }
  }

  #commit(id: number): void {
    const candidate = this.#candidate
    if (candidate?.generation.id !== id) return
    this.#candidate = undefined
    const { message, generation, opened } = candidate
    for (const [key, binding] of opened) {
      this.#bindings.set(key, binding)
      binding.start()
    }
    const wanted = new Map(generation.listeners.map(served => [placeOf(served.message), served]))
    const closing: Promise<void>[] = []
    for (const [key, binding] of this.#bindings) {
      const served = wanted.get(key)
      if (served !== undefined) binding.serve(served)
      else {
        this.#bindings.delete(key)
        closing.push(binding.close(RETIRE_GRACE_MS))
      }
    }
    const old = this.#serving
    // A batch that is still open ends with the generation that answered it.
    old?.batchSent(0)
    this.#serving = generation
    this.#send({ kind: 'committed', id })
    this.#warming ??= this.#warmUp(message)
    // Main closes the sockets that it opened for the old generation once we say so: not while one
    // of ours may still send on them.
    if (old !== undefined) {
      void Promise.all([...closing, old.retire(RETIRE_GRACE_MS)]).then(() =>
        this.#send({ kind: 'retired', id: old.id }),
      )
    }
  }

  /** Also for a configuration that is not in force yet, which was sent before. */
  #secure(tls: TlsServing): void {
    for (const generation of [this.#serving, this.#candidate?.generation])
      for (const { message } of generation?.listeners ?? [])
        message.tls = withRenewed(message.tls, tls)
    const { identity, version } = tls
    this.#send({ kind: 'secured', identity, version })
  }

  /** Once, after the first configuration is in force. */
  async #warmUp(message: GenerationMessage): Promise<void> {
    const { udp } = this.#bindingParts
    const sinceMs = systemClock.ms()
    try {
      await pause(WARM_UP_DELAY_MS)
      const { warmUp } = await import('./warm-up/warm-up.ts')
      await warmUp({
        boot: this.#boot,
        sinceMs,
        message,
        makeParts: (region, outward) => this.#makeParts(region, udp, outward),
        makeBindingParts: (region, log) =>
          this.#makeBindingParts(region, this.#workIn(region), log, udp),
        isOver: () => this.#isStopping,
      })
    } catch (error) {
      this.#log.warning(`warm-up failed: ${messageOf(error)}`)
    }
    this.#send({ kind: 'warm' })
    // All shards run the same code. The cache is to have what the warm-up has compiled.
    if (this.#boot.shard === 0) flushCompiled()
  }

  async #abort(id: number): Promise<void> {
    const candidate = this.#candidate
    if (candidate?.generation.id !== id) return
    this.#candidate = undefined
    await Promise.all([...candidate.opened.values()].map(binding => binding.close(0)))
    await candidate.generation.retire(0)
  }

  /**
   * Serves on until the queries that were in progress at the call are answered. Then it stops
   * receiving, and answers those that have come since. Each step may take all of `graceMs`.
   */
  async #stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    await this.#warming
    await this.#serving?.settle(graceMs)
    await Promise.all([...this.#bindings.values()].map(binding => binding.close(graceMs)))
    await this.#serving?.retire(graceMs)
    this.#sink.flushSync()
    this.#port.close()
    this.#ended.resolve()
  }
}

const strayFailure = (error: unknown): LoadFailure => {
  const fault = faultOfStray(error)
  const prefix = fault instanceof PluginFault ? `plugin/${fault.plugin}: ` : ''
  return new LoadFailure(`${prefix}a promise that nobody waits for fails: ${messageOf(error)}`)
}
