// The main thread's part of serving: it takes configurations through load, move and retirement, one
// at a time, and keeps what outlives them (shards, cache, HTTP listeners, metrics). Any failure of
// a load leaves everything as it was.

import { systemClock } from '../base/time/clock.ts'
import { EndlessError, inTime } from '../base/time/patience.ts'
import { wait } from '../base/time/timers.ts'
import { CacheMemory } from '../cache/cache-memory.ts'
import { messageOf } from '../chain/errors.ts'
import type { TlsServing } from '../chain/listening.ts'
import { isOfStreamShards } from '../chain/listening.ts'
import type { ProcessControl } from '../chain/plugin/control-scope.ts'
import { makeLogger, stdout } from '../log/log.ts'
import type { LineSink, Logger } from '../log/logger.ts'
import { MetricsRegistry } from '../metrics/registry.ts'
import { declareShardCounters } from '../metrics/shard-counts.ts'
import { listenError, placeOf } from '../net/engine.ts'
import { openMemoryCalls } from '../net/mmsg/libc.ts'
import { chooseEngine, type EngineChoice } from '../net/mmsg/support.ts'
import { canReusePort } from '../net/probe.ts'
import { canListSockets, receiveDropsAt } from '../net/proc-sockets.ts'
import { placeTakenHere, sharedPortWarnings } from '../net/shared-ports.ts'
import { PluginSet } from '../plugins/plugin-set.ts'
import { RecordsMemory } from '../records/records-memory.ts'
import { AnyPort } from './any-port.ts'
import { type PageDropper, pageDropper } from './drop-pages.ts'
import { Generation, PANICS } from './generation.ts'
import { HttpEndpoints, type HttpPlace } from './http/endpoints.ts'
import { KeptResources, Readiness } from './kept-resources.ts'
import { ListenSockets } from './listen-sockets.ts'
import type { Listener } from './listener-table.ts'
import { type CorefileText, LOOK_MS, rereadCorefile } from './load/corefile-source.ts'
import { hashCorefile, type LoadedConfig, loadCorefile } from './load/load.ts'
import { inflightBeside } from './machine-share.ts'
import type { ServeOptions } from './serve-options.ts'
import { declareDeathCounts } from './shards/deaths.ts'
import { LoadError, Supervisor } from './shards/supervisor.ts'
import { descriptorShortage } from './shortages.ts'
import { collectChurn, collectForPlugin } from './trim-memory.ts'
import { COREDNS_VERSION, goPlatform, programText, revision, shardnsVersion } from './version.ts'
import { leaveLostFolder } from './working-folder.ts'

/**
 * In-flight queries at the end of the process, as CoreDNS's graceful stop; and a load that is under
 * way then.
 */
const STOP_GRACE_MS = 5000

export interface ServerWorld {
  /** Ends the process at once with exit code 1, or what stands for that. */
  readonly fatal: (text: string) => void
  /**
   * Where the log lines of all threads go. Absent: to standard output, which each thread writes to
   * by itself.
   */
  readonly lines?: LineSink
  /** Where the Corefile is, for a reload. Absent: where the options say. */
  readonly readCorefile?: () => Promise<CorefileText>
  /** Absent: those of the program, and of the options. */
  readonly plugins?: PluginSet
  /** The process is somebody else's: its garbage is left alone. */
  readonly isGuest?: true
  /** A module exporting `serve` in place of workers/serve.ts; for tests. */
  readonly workerFile?: URL
}

/** For who waits already, main leaves the CPU to the shards that have just begun to serve. */
const FIRST_ANSWERS_MS = 15

/** How often it is looked how much of a limited memory records and cached answers take. */
const ROOM_LOOK_MS = 500
/** How often pages of records that are gone are looked for. */
const PAGE_LOOK_MS = 5000

export class Server {
  readonly #options: ServeOptions
  readonly #world: ServerWorld
  readonly #sink: Pick<LineSink, 'raw'>
  readonly #log: Logger
  readonly #registry = new MetricsRegistry({
    version: shardnsVersion(),
    revision: revision(),
    corednsVersion: COREDNS_VERSION,
  })
  readonly #http: HttpEndpoints
  readonly #anyPort: AnyPort
  readonly #cache: CacheMemory
  readonly #kept: KeptResources
  readonly #plugins: PluginSet
  readonly #supervisor: Supervisor
  readonly #choice: EngineChoice
  readonly #sockets: ListenSockets | undefined
  /** Shards whose engine has given way to node:dgram. */
  readonly #fallenBack = new Map<number, string>()
  /** Generations whose memory some shard may still use. */
  readonly #held = new Set<Generation>()
  #current: Generation | undefined
  #lastId = 0
  #isDebug = false
  /** Aborted when the process is to end: no load goes on. */
  readonly #shutdown = new AbortController()
  #inflightLimit: number
  #roomLook: NodeJS.Timeout | undefined
  #pageLook: NodeJS.Timeout | undefined
  /** Loads run one after the other. */
  #loading: Promise<unknown> = Promise.resolve()

  /** Throws a sentence where the system has too little for it. */
  static async create(options: ServeOptions, world: ServerWorld): Promise<Server> {
    const shortage = descriptorShortage(options.workers)
    if (shortage !== undefined) throw new Error(shortage)
    return new Server(options, world, await canReusePort())
  }

  private constructor(options: ServeOptions, world: ServerWorld, reusePort: boolean) {
    this.#options = options
    this.#world = world
    this.#sink = world.lines ?? stdout
    this.#log = makeLogger(this.#sink, '', () => this.#isDebug)
    this.#http = new HttpEndpoints({
      log: this.#log,
      metrics: this.#registry.process,
      collectChurn: world.isGuest ? () => {} : collectChurn,
      ...(world.isGuest && {
        isTaken: ({ host, port }) =>
          placeTakenHere([{ address: host, port }])?.protocols.includes('tcp') === true,
      }),
    })
    this.#anyPort = new AnyPort(reusePort)
    this.#plugins = world.plugins ?? new PluginSet(options.plugins)
    this.#inflightLimit = options.inflightBytes
    const shards = reusePort ? options.workers : 1
    if (shards < options.workers)
      this.#log.warning('sockets cannot share a port here (SO_REUSEPORT): one shard serves')
    const streamShards = reusePort ? options.streamWorkers : 1
    this.#shards = shards
    this.#streamShards = streamShards
    this.#choice = chooseEngine(options.engine)
    const { engine, libc } = this.#choice
    const { recvBufferBytes, steering } = options
    this.#sockets =
      libc &&
      new ListenSockets(libc, {
        sockets: shards,
        streamSockets: streamShards,
        recvBufferBytes,
        steering,
        log: this.#log,
      })
    const counters = declareShardCounters(this.#registry.process)
    this.#cache = new CacheMemory(options.cacheBytes)
    this.#supervisor = new Supervisor({
      shards: shards + streamShards,
      streamShards,
      heapLimitBytes: options.heapLimitBytes,
      recvBufferBytes,
      maxTcpConnections: options.maxTcpConnections,
      inflightBytes: options.inflightBytes,
      canReusePort: reusePort,
      engine,
      noFastPath: options.noFastPath,
      counters,
      onFallback: (shard, reason) => this.#noteFallback(shard, reason),
      ...(world.workerFile === undefined ? {} : { workerFile: world.workerFile }),
      onRestart: () => {
        // Another program's folder is not ours to leave.
        if (!world.isGuest) leaveLostFolder(this.#log)
      },
      hashSeed: this.#cache.seed,
      cache: this.#cache,
      clock: systemClock,
      log: this.#log,
      deaths: declareDeathCounts(this.#registry.process),
      fatal: world.fatal,
      takeLines: world.lines && (lines => world.lines?.rawBytes(lines, lines.length)),
    })
    try {
      this.#kept = this.#makeKept(options.recordsBytes)
    } catch (error) {
      // No room for them: the threads that run already are not to stay.
      void this.#supervisor.stop(0)
      throw error
    }
    this.#declareDrops()
    this.#declareInflight()
    this.#registry.process.attach(this.#supervisor.regionWords, this.#supervisor.countRows)
    const streams = 'Stream shards that serve: for listeners that are not plain DNS.'
    this.#registry.process.gauge(
      { name: 'shardns_stream_shards', help: streams, labelNames: [] },
      () => [{ labels: {}, value: this.#supervisor.hasStreamShards ? streamShards : 0 }],
    )
    const help = 'Shards that serve, by the engine that receives UDP and why it does.'
    this.#registry.process.gauge(
      { name: 'shardns_shards', help, labelNames: ['engine', 'reason'] },
      () => this.#shardsByEngine(),
    )
  }
  /** Those that receive UDP, and may be stream shards. */
  readonly #shards: number
  readonly #streamShards: number

  /** The records memory waits for the shards' hearts, so it comes after them. */
  #makeKept(recordsBytes: number): KeptResources {
    const records = new RecordsMemory(recordsBytes, this.#supervisor.quiescence, this.#cache.seed)
    const help = 'Bytes of the records memory that cluster and hosts records take.'
    this.#registry.process.gauge({ name: 'shardns_records_bytes', help, labelNames: [] }, () => [
      { labels: {}, value: records.usedBytes },
    ])
    this.#shareRoom(records)
    this.#returnPages(records)
    return new KeptResources({ newRecords: () => records.newMap() }, this.#log)
  }

  /** What has gone from the records is the system's again. */
  #returnPages(records: RecordsMemory): void {
    let drop: PageDropper | undefined
    const look = (): void => records.release((drop ??= pageDropper(openMemoryCalls())))
    this.#pageLook = setInterval(look, PAGE_LOOK_MS).unref()
  }

  /** In a limited memory traffic has what records and cached answers leave. */
  #shareRoom(records: RecordsMemory): void {
    const { roomBytes, inflightBytes } = this.#options
    if (roomBytes === undefined) return
    const look = (): void => {
      const left = inflightBeside(roomBytes, records.usedBytes + this.#cache.usedBytes)
      this.#inflightLimit = Math.min(left, inflightBytes)
      this.#supervisor.limitInflight(this.#inflightLimit)
    }
    look()
    this.#roomLook = setInterval(look, ROOM_LOOK_MS).unref()
  }

  #declareInflight(): void {
    const { process } = this.#registry
    const held =
      'Bytes that connections and queries under way hold of --inflight-bytes, drawn in lots of up to 16 KiB.'
    process.gauge({ name: 'shardns_inflight_bytes', help: held, labelNames: ['transport'] }, () => {
      const { stream, datagram } = this.#supervisor.inflight
      return [
        { labels: { transport: 'tcp' }, value: stream },
        { labels: { transport: 'udp' }, value: datagram },
      ]
    })
    const limit =
      'What connections and queries under way may hold: --inflight-bytes, less while records and cached answers take much.'
    process.gauge({ name: 'shardns_inflight_limit_bytes', help: limit, labelNames: [] }, () => [
      { labels: {}, value: this.#inflightLimit },
    ])
  }

  /** Where the system does not tell, there is no such metric. */
  #declareDrops(): void {
    if (!canListSockets()) return
    const help =
      'UDP datagrams that the kernel dropped because they came faster than they were read, at the sockets that are open.'
    const family = { name: 'shardns_udp_receive_drops', help, labelNames: [] }
    this.#registry.process.gauge(family, () => [{ labels: {}, value: this.#receiveDrops }])
  }

  get #receiveDrops(): number {
    if (this.#sockets !== undefined) return this.#sockets.receiveDrops
    const all = [...this.#held].flatMap(({ listeners }) => listeners.all())
    return receiveDropsAt(
      new Set(all.filter(({ scheme }) => !isOfStreamShards(scheme)).map(({ port }) => port)),
    )
  }

  /** Which engine receives UDP, and why: for the log. */
  get engineText(): string {
    const { engine, reason } = this.#choice
    const steering = engine === 'mmsg' ? `, steering ${this.#options.steering}` : ''
    return `engine ${engine} (${reason}), shards ${this.#shards}${steering}`
  }

  #noteFallback(shard: number, reason: string | undefined): void {
    // Stream shards receive no UDP.
    if (shard >= this.#shards) return
    if (reason === undefined) this.#fallenBack.delete(shard)
    else this.#fallenBack.set(shard, reason)
  }

  *#shardsByEngine() {
    const { engine, reason } = this.#choice
    const counts = new Map<string, number>()
    for (const why of this.#fallenBack.values()) counts.set(why, (counts.get(why) ?? 0) + 1)
    for (const [why, value] of counts)
      yield { labels: { engine: 'dgram', reason: `mmsg failed: ${why}` }, value }
    yield { labels: { engine, reason }, value: this.#shards - this.#fallenBack.size }
  }

  /** Main's own; those of the shards are in their rows. */
  countPanic(): void {
    this.#registry.process.counter(PANICS).add({})
  }

  /**
   * Loads the first configuration. Throws its failure. `announce` gets the zone lines once queries
   * are answered.
   */
  start(
    source: CorefileText,
    announce: (zoneLines: readonly string[]) => void = () => {},
  ): Promise<void> {
    return this.#afterOthers(async () => this.#apply(await this.#parse(source), announce))
  }

  /** Reads the Corefile again and moves to it. Resolves to undefined or to the failure's text. */
  reload(): Promise<string | undefined> {
    return this.load(() => this.#read()).then(
      () => undefined,
      error => {
        this.#log.error(`Restart failed: ${messageOf(error)}`)
        return messageOf(error)
      },
    )
  }

  /** Moves to what `read` gives. Throws what keeps it from that: everything is as it was then. */
  load(read: () => Promise<CorefileText>): Promise<void> {
    return this.#afterOthers(() => this.#reload(read))
  }

  #afterOthers(load: () => Promise<void>): Promise<void> {
    const run = this.#loading.then(load)
    this.#loading = run.catch(() => {
      // Its caller is told.
    })
    return run
  }

  /** Where it listens now. */
  get addresses(): readonly Listener[] {
    return this.#current?.listeners.all() ?? []
  }

  /** All metrics, in the text format of Prometheus. */
  async metrics(): Promise<string> {
    return (await this.#registry.expose()).body
  }

  /** Shutdown tasks of the plugins: lameduck waits here. False if one failed. */
  async shutdownTasks(): Promise<boolean> {
    this.#shutdown.abort(new Error('the server is shutting down'))
    await inTime(this.#loading, { mostMs: STOP_GRACE_MS }).catch(error => {
      if (!(error instanceof EndlessError)) throw error
      this.#log.error('the configuration that is being loaded is given up')
    })
    return (await this.#current?.shutdown()) ?? true
  }

  /** Whether a shard has just had its last work for a while. To be asked every few seconds. */
  hasLoadEnded(): boolean {
    return this.#supervisor.hasLoadEnded()
  }

  /** Ends shards, listeners and whatever the generation started. */
  async stop(): Promise<void> {
    await this.#supervisor.stop(STOP_GRACE_MS)
    // A load that was given up fails, since there are no shards any more, and ends what it has
    // begun.
    await inTime(this.#loading, { mostMs: STOP_GRACE_MS }).catch(() => {})
    await this.#current?.retire()
    clearInterval(this.#roomLook)
    clearInterval(this.#pageLook)
    this.#held.clear()
    this.#trim()
    await this.#anyPort.release()
    await this.#http.close()
  }

  async #reload(read: () => Promise<CorefileText>): Promise<void> {
    this.#shutdown.signal.throwIfAborted()
    this.#log.info('Reloading')
    await this.#apply(await this.#parse(await read()))
    this.#log.info('Reloading complete')
  }

  #read(): Promise<CorefileText> {
    const pause = () => wait(LOOK_MS, this.#shutdown.signal)
    return this.#world.readCorefile?.() ?? rereadCorefile(this.#options.conf, pause)
  }

  async #parse(source: CorefileText): Promise<LoadedConfig> {
    const config = await loadCorefile(source.text, source.file, {
      baseDir: source.baseDir,
      port: this.#options.port,
      plugins: this.#plugins,
      signal: this.#shutdown.signal,
      heapBytes: this.#options.heapLimitBytes,
      tellSlow: name => this.#log.warning(`main takes long to load plugin/${name}`),
    })
    return this.#anyPort.placed(config)
  }

  async #apply(
    config: LoadedConfig,
    announce?: (zoneLines: readonly string[]) => void,
  ): Promise<void> {
    const metrics = this.#registry.begin()
    const id = ++this.#lastId
    const isDebug = () => this.#isDebug
    const { changes } = this.#supervisor
    const shared = {
      clock: systemClock,
      sink: this.#sink,
      cache: this.#cache,
      kept: this.#kept,
      changes,
      metrics,
      isDebug,
      renew: (tls: TlsServing) => this.#supervisor.renew(tls),
      giveUp: this.#shutdown.signal,
    }
    const generation = new Generation(config, {
      ...shared,
      id,
      shards: this.#shards,
      streamShards: this.#streamShards,
      process: this.#processControl(config),
    })
    this.#held.add(generation)
    let opened: readonly HttpPlace[]
    try {
      for (const { message } of config.warnings) this.#log.warning(message)
      await generation.control()
      // What main opens has the number at once; shards that listen themselves take their time.
      if (this.#sockets !== undefined) await this.#anyPort.release()
      if (this.#world.isGuest) this.#refuseTaken(generation)
      const message = generation.message(at => this.#sockets?.open(at))
      this.#warnOfStreams(generation)
      const prepared = await this.#http.prepare(generation.routes)
      try {
        this.#shutdown.signal.throwIfAborted()
        const retired = () => this.#retired(generation, metrics)
        await this.#supervisor.move({ message, permits: generation.permits, retired })
      } catch (error) {
        prepared.rollback()
        throw error instanceof LoadError ? generation.placed(error.failure) : error
      }
      prepared.commit()
      opened = prepared.opened
      this.#sockets?.leaveAllBut(message.listeners)
      this.#sockets?.steerFor(message.listeners)
      await this.#anyPort.release()
    } catch (error) {
      await this.#anyPort.release()
      this.#held.delete(generation)
      metrics.discard()
      await generation.retire()
      this.#trim()
      this.#plugins.renew()
      throw error
    }
    const old = this.#current
    this.#current = generation
    this.#isDebug = generation.isDebug
    // What follows may take long, and there may be a single CPU, or a tenth of one.
    if (old === undefined && !this.#world.isGuest) await wait(FIRST_ANSWERS_MS)
    this.#warnOfSharing(generation, old, opened)
    await old?.retire()
    announce?.(generation.zoneLines())
    await generation.started()
  }

  /**
   * Somebody else's process may have another server at one of the places. SO_REUSEPORT would let
   * both listen, and each would get a part of the other's queries.
   */
  #refuseTaken(generation: Generation): void {
    const others = [...this.#held].filter(held => held !== generation)
    // Ours may still listen there, or at an address beside it.
    const ours = new Set(others.flatMap(({ listeners }) => listeners.all().map(at => at.port)))
    const begun = generation.listeners
      .all()
      .filter(({ port }) => !this.#anyPort.has(port) && !ours.has(port))
    const taken = begun.length > 0 ? placeTakenHere(begun) : undefined
    if (taken === undefined) return
    const [protocol = 'udp'] = taken.protocols
    throw listenError(protocol, taken.place, { code: 'EADDRINUSE' })
  }

  /** Shards took the memory at the start, when nothing needed stream shards. */
  #warnOfStreams({ listeners }: Generation): void {
    const { workers, withStreams } = this.#options
    const isNew = !this.#supervisor.hasStreamShards
    if (!isNew || withStreams === undefined || workers <= withStreams.workers) return
    const first = listeners.all().find(({ scheme }) => isOfStreamShards(scheme))
    if (first === undefined) return
    this.#log.warning(
      `${first.label} needs ${this.#streamShards} more threads than the memory limit has room for: with such a listener from the start there would be --workers ${withStreams.workers}`,
    )
  }

  /** Another process may listen where this one has just begun to. */
  #warnOfSharing(
    generation: Generation,
    old: Generation | undefined,
    http: readonly HttpPlace[],
  ): void {
    const known = new Set(old?.listeners.all().map(placeOf))
    const dns = generation.listeners.all().filter(at => !known.has(placeOf(at)))
    if (dns.length + http.length === 0) return
    for (const text of sharedPortWarnings(dns, http)) this.#log.warning(text)
  }

  /**
   * No shard serves it any more: its counts become part of the totals, and tables that nobody else
   * uses are given back.
   */
  #retired(generation: Generation, metrics: { retire(): void }): void {
    metrics.retire()
    this.#held.delete(generation)
    this.#trim()
  }

  /** Gives back what no generation uses that some shard may still serve. */
  #trim(): void {
    const held = [...this.#held]
    this.#sockets?.keepOnly(held.flatMap(({ sockets }) => sockets))
    this.#kept.keepOnly(held.flatMap(({ kept }) => kept))
    if (held.length > 0) this.#cache.keepOnly(held.flatMap(({ tables }) => tables))
  }

  #processControl(config: LoadedConfig): ProcessControl {
    return {
      isFirstLoad: this.#current === undefined,
      version: programText(),
      userAgent: `shardns/${shardnsVersion()} (${goPlatform()})`,
      readiness: new Readiness(),
      readCorefile: () => this.#peek(),
      get configHash() {
        return config.hash()
      },
      reload: () => this.reload(),
      collectGarbage: this.#world.isGuest ? () => {} : collectForPlugin,
      isWarm: () => this.#supervisor.isWarm,
      isShuttingDown: () => this.#shutdown.signal.aborted,
    }
  }

  async #peek(): Promise<{ readonly hash: string } | { readonly error: string } | undefined> {
    const source = await this.#read().catch(() => undefined)
    // Unreadable just now (a ConfigMap being replaced): the next look will do.
    if (source === undefined) return undefined
    try {
      const { text, file, baseDir } = source
      const { port } = this.#options
      return { hash: hashCorefile(text, file, { baseDir, port, plugins: this.#plugins }) }
    } catch (error) {
      return { error: messageOf(error) }
    }
  }
}
