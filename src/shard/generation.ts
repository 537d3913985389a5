// Hot path. One configuration in one shard: the chains of its blocks, the routes of its listeners,
// and the number of queries in progress. When that is zero after a reload, the generation has ended
// here.

import type { Clock } from '../base/time/clock.ts'
import { CacheTable } from '../cache/table.ts'
import type { CacheTableRef } from '../cache/table-ref.ts'
import { answer, errorReply } from '../chain/answer/answer.ts'
import { faultOf, messageOf, rcodeOfError, ServerError } from '../chain/errors.ts'
import { InvalidationScopes } from '../chain/invalidation-scopes.ts'
import { isOfStreamShards } from '../chain/listening.ts'
import { METADATA, type MetadataProvider, watchedProvider } from '../chain/offers/metadata.ts'
import { type OfferKind, Offers } from '../chain/offers/offers.ts'
import type { OutsideModule } from '../chain/plugin/outside-module.ts'
import type { AnyServeHalf } from '../chain/plugin/plugin.ts'
import type { ServeScope } from '../chain/plugin/serve-scope.ts'
import type { UdpPool } from '../chain/plugin/udp-pool.ts'
import { type ListenerRef, MOST_ASKED, type Peer, type Query } from '../chain/query/query.ts'
import { protoOf, type Transport } from '../chain/query/transport.ts'
import type { Reply } from '../chain/reply/reply.ts'
import { makeLogger } from '../log/log.ts'
import type { LineSink } from '../log/logger.ts'
import type { Claims } from '../memory/claims.ts'
import { CounterRow } from '../memory/counters.ts'
import type { InvalidationBoard } from '../memory/invalidation-board.ts'
import type { HashSeed } from '../memory/keyed-hash.ts'
import { Permits } from '../memory/permits.ts'
import { DnsMetrics } from '../metrics/dns-metrics.ts'
import { countHttpStatus } from '../metrics/http-statuses.ts'
import { loadServeHalf } from '../plugins/index.ts'
import { RecordsReader } from '../records/reader.ts'
import { nameFromText } from '../wire/name.ts'
import type { Question } from '../wire/question.ts'
import { RCODE_REFUSED, RCODE_SERVFAIL } from '../wire/rcodes.ts'
import { CLASS_IN, typeToText } from '../wire/rrtypes.ts'
import { compose, type NamedStage, named } from './answer/chain.ts'
import type { FastChain } from './answer/fast-chain.ts'
import { Faults } from './answer/faults.ts'
import type { BlockMessage, GenerationMessage, ListenerMessage } from './messages.ts'
import { type Route, Router } from './router.ts'
import { stageMisfit } from './stage-check.ts'

const DROPPED_ZONE = 0
/** Nesting of the server's own questions: ends loops of names that lead to each other. */
const MOST_DEPTH = 8

/** What a generation that answers nobody uses in place of what others see. */
export interface Rehearsal {
  /** Asked over UDP in place of all upstreams. */
  readonly upstream: Peer
  table(ref: CacheTableRef): CacheTableRef
}

/** The parts of a shard that all its generations share. */
export interface ShardParts {
  readonly shard: number
  /** All that there may be, stream shards among them: rows of counters and permits. */
  readonly shards: number
  readonly streamShards: number
  readonly clock: Clock
  readonly sink: LineSink
  /** All queries take the slow path. */
  readonly noFastPath: boolean
  readonly claims: Claims
  readonly changes: InvalidationBoard
  readonly hashSeed: HashSeed
  readonly udpPool?: UdpPool | undefined
  /** For a generation that is only rehearsed. */
  readonly rehearsal?: Rehearsal | undefined
  /** Ends the process: posted to main. */
  readonly fatal: (text: string) => void
  /**
   * The plugins whose serve halves are being loaded: posted to main, which needs it if a load never
   * ends.
   */
  readonly loading: (plugins: readonly string[]) => void
}

/** A listener as one generation serves it. */
export interface ServedListener {
  readonly ref: ListenerRef
  readonly message: ListenerMessage
  readonly router: Router
  readonly generation: ShardGeneration
  /** Counts a query that no block serves, under zone `dropped`. */
  countDropped(
    question: Question | undefined,
    transport: Transport,
    client: Peer,
    requestBytes: number,
    replyBytes: number,
    rcode: number,
    isDo?: boolean,
  ): void
  /** Counts an answer of DNS over HTTPS. */
  countHttp(status: number): void
}

/** A configuration that cannot be served; the message begins with `plugin/NAME: `. */
export class LoadFailure extends Error {
  /** Index of the server block that caused it, if one did. */
  readonly block: number | undefined

  constructor(message: string, block?: number) {
    super(message)
    this.name = 'LoadFailure'
    this.block = block
  }
}

/** The parts by which a generation reaches out of its shard. */
export type Outward = Pick<ShardParts, 'sink' | 'fatal' | 'loading'>

type LoadHalf = (name: string, module?: OutsideModule | string) => Promise<AnyServeHalf>

type Chain = Pick<Route, 'handler' | 'accepts' | 'takes' | 'fast' | 'leaving'>

/** An onRetire task of a serve half. */
interface RetireTask {
  readonly plugin: string
  readonly run: () => void
}

export class ShardGeneration {
  readonly id: number
  /** Those that this shard opens. */
  readonly listeners: readonly ServedListener[]
  /** Reports faults of its plugins while queries are answered. */
  readonly faults: Faults
  readonly #parts: ShardParts
  readonly #message: GenerationMessage
  /** By their indexes; undefined for those of other shards. */
  readonly #byIndex: readonly (ServedListener | undefined)[]
  readonly #row: CounterRow
  readonly #words: Int32Array
  readonly #retireTasks: RetireTask[] = []
  readonly #fastChains: FastChain[] = []
  #underWay = 0
  /**
   * The number of these that were in progress when settle() was called, and the time of that call.
   */
  #earlier = 0
  #settleMs = Number.NEGATIVE_INFINITY
  #settled: (() => void) | undefined
  #ended: (() => void) | undefined
  #isRetired = false

  /**
   * Loads the serve halves that it needs. Throws a LoadFailure that begins with the name of the
   * failing plugin; nothing stays open then.
   */
  static async load(
    message: GenerationMessage,
    parts: ShardParts,
    loadHalf: LoadHalf = loadServeHalf,
  ): Promise<ShardGeneration> {
    const modules = new Map(message.modules?.map(module => [module.url, module]))
    const isOwn = ownListeners(message, parts)
    const blocks = message.blocks.filter(({ sites }) => sites.some(at => isOwn[at.listener]))
    const needed = new Map(
      blocks.flatMap(({ chain }) => chain.map(({ name, module }) => [name, module])),
    )
    if (needed.size > 0) parts.loading([...needed.keys()])
    const halves = await Promise.all(
      Array.from(needed, async ([name, url]) => {
        const half = await loadHalf(name, modules.get(url ?? '') ?? url).catch(error => {
          throw new LoadFailure(`plugin/${name}: ${messageOf(error)}`)
        })
        return [name, half] as const
      }),
    )
    const generation = new ShardGeneration(message, parts)
    try {
      for (const block of blocks) generation.#addBlock(block, new Map(halves))
    } catch (error) {
      await generation.retire(0)
      throw error
    }
    return generation
  }

  private constructor(message: GenerationMessage, parts: ShardParts) {
    this.id = message.id
    this.#parts = parts
    this.#message = message
    this.faults = new Faults({
      clock: parts.clock,
      log: makeLogger(parts.sink, '', () => false),
      stacktrace: message.blocks.some(block => block.stacktrace),
      countPanic: () => this.#row.add(message.panics),
    })
    const all = new Int32Array(message.words)
    this.#words = all.subarray(0, message.sharedWords)
    this.#row = new CounterRow(all, message.sharedWords + parts.shard * message.rowWords)
    const dropped = new DnsMetrics(this.#row, message.dropped)
    const isOwn = ownListeners(message, parts)
    this.#byIndex = message.listeners.map((listener, index) =>
      isOwn[index] ? this.#listener(listener, dropped) : undefined,
    )
    this.listeners = this.#byIndex.filter(served => served !== undefined)
  }

  /** A query starts on this generation's chains; leave() must follow. */
  enter(): void {
    this.#underWay++
  }

  /** A query has ended. `receivedMs` is the time at which it was received. */
  leave(receivedMs: number): void {
    this.#underWay--
    if (receivedMs <= this.#settleMs && --this.#earlier === 0) this.#settled?.()
    if (this.#underWay === 0) this.#ended?.()
  }

  /**
   * Resolves once all queries that are in progress at the call have their replies, or after
   * `graceMs`. New queries may start in that time.
   */
  async settle(graceMs: number): Promise<void> {
    this.#earlier = this.#underWay
    this.#settleMs = this.#parts.clock.ms()
    if (this.#earlier > 0) await within(graceMs, resolve => (this.#settled = resolve))
  }

  /** Called after the fast answers of one batch have been sent. */
  batchSent(elapsedMs: number): void {
    for (let k = 0; k < this.#fastChains.length; k++) this.#fastChains[k]!.batchSent(elapsedMs)
  }

  /** True once its stages must not be called any more. */
  get isRetired(): boolean {
    return this.#isRetired
  }

  /**
   * Resolves once no query is in progress, or after `graceMs`, and the serve halves' onRetire tasks
   * have run.
   */
  async retire(graceMs: number): Promise<void> {
    if (this.#underWay > 0) await within(graceMs, resolve => (this.#ended = resolve))
    this.#isRetired = true
    for (const { plugin, run } of this.#retireTasks) {
      try {
        run()
      } catch (error) {
        // The tasks of other plugins must run all the same.
        const log = makeLogger(this.#parts.sink, `plugin/${plugin}: `, () => false)
        log.error(`onRetire failed: ${messageOf(error)}`)
      }
    }
  }

  #listener(message: ListenerMessage, dropped: DnsMetrics): ServedListener {
    const { index, label, httpStatuses } = message
    const { clock } = this.#parts
    return {
      ref: { index, label },
      message,
      router: new Router(),
      generation: this,
      countHttp: status => {
        if (httpStatuses !== undefined) countHttpStatus(this.#row, httpStatuses, status)
      },
      countDropped: (
        question,
        transport,
        client,
        requestBytes,
        replyBytes,
        rcode,
        isDo = false,
      ) => {
        const startMs = clock.ms()
        const isTcp = protoOf(transport) === 'tcp'
        dropped.request(
          index,
          DROPPED_ZONE,
          isTcp,
          client.family,
          question?.type ?? 0,
          isDo,
          requestBytes,
        )
        dropped.response(
          index,
          DROPPED_ZONE,
          isTcp,
          rcode,
          0,
          replyBytes,
          (clock.ms() - startMs) / 1000,
        )
      },
    }
  }

  #addBlock(block: BlockMessage, halves: ReadonlyMap<string, AnyServeHalf>): void {
    const route = { ...this.#chainOf(block, halves), view: block.info.view }
    if (route.fast !== undefined) this.#fastChains.push(route.fast)
    for (const { listener, zone } of block.sites)
      this.#byIndex[listener]?.router.add(zone, route, block.allClasses)
  }

  #chainOf(block: BlockMessage, halves: ReadonlyMap<string, AnyServeHalf>): Chain {
    try {
      return this.#chain(block, halves)
    } catch (error) {
      throw new LoadFailure(messageOf(error), block.info.index)
    }
  }

  #chain(block: BlockMessage, halves: ReadonlyMap<string, AnyServeHalf>): Chain {
    const stages: NamedStage[] = []
    const offers = new Offers()
    for (const { name, options, shared, selects, module } of block.chain) {
      this.#parts.loading([name])
      const scope = this.#scope(block, name, offers)
      const stage = named(name, () => {
        const made = halves.get(name)?.serve(options, scope, shared)
        const misfit = made === undefined ? undefined : stageMisfit(made, selects)
        if (misfit !== undefined) throw new TypeError(misfit)
        return made
      })
      if (stage !== undefined) stages.push({ name, stage, isOutside: module !== undefined })
    }
    const { handler, fast, leaving, accepts, takes } = compose(stages, (fault, server) =>
      this.faults.panic(fault, server),
    )
    const isChosen = accepts === undefined || takes !== undefined
    const isFast = fast.isUseful && isChosen && !this.#parts.noFastPath
    return { handler, accepts, takes, leaving, fast: isFast ? fast : undefined }
  }

  #scope(block: BlockMessage, name: string, offers: Offers): ServeScope {
    const { shard, shards, clock, sink, claims, changes, hashSeed, udpPool, fatal, rehearsal } =
      this.#parts
    const words = this.#words
    const hasStreams = this.#message.listeners.some(({ scheme }) => isOfStreamShards(scheme))
    return {
      block: block.info,
      shard,
      shards: hasStreams ? shards : shards - this.#parts.streamShards,
      clock,
      log: makeLogger(sink, `plugin/${name}: `, () => this.#message.debug),
      lines: sink,
      counters: this.#row,
      words,
      claims,
      udpPool,
      permits: (offset, limit) => {
        const isThere = Number.isInteger(offset) && offset >= 0 && offset < words.length
        if (!isThere || !Number.isInteger(limit))
          throw new RangeError(`permits takes an offset and a limit, not ${offset} and ${limit}`)
        return new Permits(words, offset, shards, shard, limit)
      },
      rehearsal,
      table: ref => new CacheTable(rehearsal?.table(ref) ?? ref, shard + 1),
      records: ref => {
        if (!(ref?.buffer instanceof SharedArrayBuffer) || !Number.isInteger(ref.headerWord))
          throw new TypeError('records takes the ref of a map')
        return new RecordsReader(ref, hashSeed)
      },
      changes: new InvalidationScopes(changes, block.info.changing),
      onRetire: run => {
        if (typeof run !== 'function') throw new TypeError('onRetire takes a function')
        this.#retireTasks.push({ plugin: name, run })
      },
      resolve: (query, qname, qtype) => this.#resolve(name, query, qname, qtype),
      offer: (kind, value) => offers.offer(kind, this.#watched(name, kind, value)),
      offered: kind => offers.offered(kind),
      fatal: text => fatal(`plugin/${name}: ${text}`),
    }
  }

  /** Providers of metadata are called by other plugins: puts the provider's name on its faults. */
  #watched<T>(plugin: string, kind: OfferKind<T>, value: T): T {
    if (kind?.name !== METADATA.name || typeof value !== 'function') return value
    const tell = ({ listener }: Query, error: unknown): void =>
      this.faults.panic(faultOf(plugin, error), listener.label)
    return watchedProvider(value as MetadataProvider, tell) as T
  }

  /**
   * A plugin's own question. Fails if the plugin asks without end, or for a query that has ended.
   */
  async #resolve(plugin: string, query: Query, qname: string, qtype: number): Promise<Reply> {
    if (query.isCut) throw new ServerError('CUT', `plugin/${plugin}: nobody waits for it any more`)
    const name = nameFromText(qname)
    if (name === undefined) {
      checked(plugin, () => query.refused())
      return answer(query, {})
    }
    const asked = query.asOwn({ name, type: qtype, class: CLASS_IN })
    const bound = checked(plugin, () => boundOf(asked))
    if (bound !== undefined) {
      this.faults.warn(plugin, `its question for ${qname} ${typeToText(qtype)} ${bound}`)
      return errorReply(asked, RCODE_SERVFAIL)
    }
    const route = this.#byIndex[query.listener.index]?.router.choose(asked)
    if (route?.handler === undefined) return errorReply(asked, RCODE_REFUSED)
    asked.view = route.view
    try {
      return await route.handler(asked)
    } catch (error) {
      this.faults.failed(asked, error)
      return errorReply(asked, rcodeOfError(error))
    }
  }
}

/** By index, whether the shard opens the listener: stream shards have theirs, others the rest. */
const ownListeners = (
  { listeners }: GenerationMessage,
  { shard, shards, streamShards }: ShardParts,
): boolean[] => {
  const isStreamShard = shard >= shards - streamShards
  return listeners.map(({ scheme }) => isOfStreamShards(scheme) === isStreamShard)
}

/**
 * The reason to refuse a question of the server's own, if there is one. Throws if even refused ones
 * are too many.
 */
const boundOf = (asked: Query): string | undefined => {
  const isDeep = asked.depth > MOST_DEPTH
  if (!isDeep && asked.mayAskMore()) return undefined
  asked.refused()
  return isDeep
    ? `stands more than ${MOST_DEPTH} questions of the server's own deep`
    : `is one more than the ${MOST_ASKED} that a client's query may lead to`
}

/** The result of `check`; an error in it becomes the plugin's fault. */
const checked = <T>(plugin: string, check: () => T): T => {
  try {
    return check()
  } catch (error) {
    throw faultOf(plugin, error)
  }
}

/** Waits until the function that `use` gets is called, at most `graceMs`. */
const within = async (graceMs: number, use: (resolve: () => void) => void): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, graceMs)
  use(resolve)
  await promise
  clearTimeout(timer)
}
