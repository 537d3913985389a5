// One configuration on the main thread: runs the control halves in set-up order, collects what they
// ask for, and lays it out as the message that the shards get. It opens nothing and starts nothing:
// server.ts does, once all shards have loaded it.

import type { Clock } from '../base/clock.ts'
import type { CacheMemory } from '../cache/cache-memory.ts'
import type { CacheTableRef } from '../cache/table-ref.ts'
import { type BlockInfo, type BlockSettings, initialSettings } from '../chain/block.ts'
import type {
  ControlScope,
  HttpRoute,
  Kept,
  ProcessControl,
  Resources,
} from '../chain/control-scope.ts'
import { messageOf } from '../chain/errors.ts'
import { type ChangingZone, InvalidationMarks } from '../chain/invalidation-scopes.ts'
import { Offers } from '../chain/offers.ts'
import { notPlainIn } from '../chain/plain-data.ts'
import type { AnyPlugin } from '../chain/plugin.ts'
import { checkOverlap } from '../corefile/overlap.ts'
import { type LogSink, makeLogger } from '../log/log.ts'
import type { Logger } from '../log/logger.ts'
import type { InvalidationBoard } from '../memory/invalidation-board.ts'
import { PERMIT_ROW_WORDS, permitWords } from '../memory/permits.ts'
import { sharedBuffer } from '../memory/shared-buffer.ts'
import { declareDnsMetrics } from '../metrics/dns-metrics.ts'
import type { GenerationMetrics } from '../metrics/registry.ts'
import type { ListenAddress } from '../net/engine.ts'
import type { OpenSockets } from '../net/mmsg/sockets.ts'
import { loadControlHalf } from '../plugins/index.ts'
import type { BlockMessage, FailedMessage, GenerationMessage } from '../shard/messages.ts'
import { foldName, nameFromText } from '../wire/name.ts'
import type { KeptResources } from './kept-resources.ts'
import { ListenerTable } from './listener-table.ts'
import { boundSites, inSetupOrder, type LoadedBlock, type LoadedConfig } from './load/load.ts'
import { pluginFault, thrownBy } from './load/plugin-fault.ts'
import type { LoadedDirective } from './load/read-directive.ts'

const LINE_WORDS = 16

export interface GenerationParts {
  readonly id: number
  readonly shards: number
  readonly clock: Clock
  readonly sink: LogSink
  readonly metrics: GenerationMetrics
  readonly cache: CacheMemory
  readonly kept: KeptResources
  readonly changes: InvalidationBoard
  readonly process: ProcessControl
  /** Whether debug lines are printed: of the generation that serves. */
  readonly isDebug: () => boolean
}

/** What a control half has registered. */
interface Task {
  /** `plugin/NAME: onStart`. */
  readonly who: string
  readonly run: () => void | Promise<void>
}
interface Built {
  readonly block: LoadedBlock
  readonly settings: BlockSettings
  /** What the control halves made, by plugin. */
  readonly shared: Map<string, unknown>
  readonly offers: Offers
}

export class Generation {
  readonly id: number
  readonly routes: HttpRoute[] = []
  readonly permits: number[] = []
  readonly tables: CacheTableRef[] = []
  /** Identities of kept things. */
  readonly kept: string[] = []
  /** What main has opened for it. */
  readonly sockets: OpenSockets[] = []
  readonly config: LoadedConfig
  readonly listeners = new ListenerTable()
  readonly #parts: GenerationParts
  readonly #log: Logger
  readonly #tasks = {
    start: [] as Task[],
    retire: [] as Task[],
    shutdown: [] as Task[],
    final: [] as Task[],
  }
  readonly #built: Built[]
  /** What failed, of those that should not have. */
  readonly #holds: Promise<Error | undefined>[] = []
  #sharedWords = 0
  #words: Int32Array | undefined

  constructor(config: LoadedConfig, parts: GenerationParts) {
    this.id = parts.id
    this.config = config
    this.#parts = parts
    this.#log = makeLogger(parts.sink, '', () => false)
    this.#built = config.blocks.map(block => ({
      block,
      settings: initialSettings(),
      shared: new Map(),
      offers: new Offers(),
    }))
  }

  /** What CoreDNS prints of zones and listeners at start. */
  zoneLines(): string[] {
    return this.listeners.zoneLines(this.#built)
  }

  get isDebug(): boolean {
    return this.#built.some(({ settings }) => settings.debug)
  }

  /** Runs the control halves in set-up order. Throws the first failure; call retire() then. */
  async control(): Promise<void> {
    const steps = inSetupOrder(this.#built)
    // At the same time; below they are at hand. Those that fail do so below, too, with their place.
    await Promise.allSettled(
      new Set(steps.map(({ found }) => found.plugin)).values().map(loadControlHalf),
    )
    for (const { holder, found } of steps)
      holder.shared.set(found.plugin.name, await this.#setUp(holder, found))
    for (const failure of await Promise.all(this.#holds)) if (failure !== undefined) throw failure
    for (const { block, settings } of this.#built) this.listeners.of(block, settings)
    checkOverlap(
      this.#built.flatMap(({ block, settings }) => boundSites(block, settings.bindAddresses)),
    )
  }

  /** What the control half makes, for the shards. */
  async #setUp(built: Built, found: LoadedDirective): Promise<unknown> {
    const { plugin, options, tokens } = found
    const { name } = plugin
    const half = await loadControlHalf(plugin).catch(({ message }: Error) => {
      throw pluginFault(name, tokens, message)
    })
    let shared: unknown
    try {
      shared = await half?.control(options, this.#scope(built, found))
    } catch (error) {
      throw thrownBy(name, tokens, 'its control half fails', error)
    }
    const strange = notPlainIn(shared)
    if (strange === undefined) return shared
    throw pluginFault(name, tokens, `what its control half gives is not plain data: ${strange}`)
  }

  /**
   * Lays out the shared memory and the message. Once, after control(). `open` gives the sockets
   * that main opens for an address, if it does.
   */
  message(open: (at: ListenAddress) => OpenSockets | undefined): GenerationMessage {
    const { metrics, shards, id } = this.#parts
    const blocks = this.#built.map(built => this.#blockMessage(built))
    const listeners = this.listeners.messages(this.#built).map(listener => {
      const sockets = open(listener)
      if (sockets !== undefined) this.sockets.push(sockets)
      return { ...listener, ...sockets }
    })
    const dropped = declareDnsMetrics(metrics, {
      servers: listeners.map(({ label }) => label),
      zones: ['dropped'],
      view: '',
      plugins: [''],
    })
    const panics = metrics
      .counter({ name: 'coredns_panics_total', help: PANICS_HELP })
      .vector({}).base
    const sharedWords = roundUp(this.#sharedWords)
    const rowWords = roundUp(metrics.rowWords)
    const words = sharedBuffer((sharedWords + rowWords * shards) * 4)
    this.#words = new Int32Array(words, 0, sharedWords)
    const bases = Array.from({ length: shards }, (_, shard) => sharedWords + shard * rowWords)
    metrics.attach(new Int32Array(words), bases)
    return {
      id,
      listeners,
      blocks,
      debug: this.isDebug,
      words,
      sharedWords,
      rowWords,
      dropped,
      panics,
    }
  }

  /** Why a shard has not loaded it, with the place of the plugin that it names. */
  placed({ error, block }: Pick<FailedMessage, 'error' | 'block'>): Error {
    const found = this.#built
      .filter(one => block === undefined || one.block.index === block)
      .flatMap(one => one.block.directives)
      .find(({ plugin }) => error.startsWith(prefixOf(plugin)))
    return found === undefined
      ? new Error(error)
      : pluginFault(found.plugin.name, found.tokens, error.slice(prefixOf(found.plugin).length))
  }

  async started(): Promise<void> {
    await this.#run(this.#tasks.start)
  }
  /** Ends what the control halves started. */
  async retire(): Promise<void> {
    await this.#run(this.#tasks.retire)
  }
  async shutdown(): Promise<boolean> {
    const failures = (await this.#run(this.#tasks.shutdown)) + (await this.#run(this.#tasks.final))
    return failures === 0
  }

  /**
   * Each task in order; failures are logged and counted, and do not keep the others from running.
   */
  async #run(tasks: readonly Task[]): Promise<number> {
    let failures = 0
    for (const task of tasks) {
      try {
        await task.run()
      } catch (error) {
        failures++
        this.#log.error(`${task.who} failed: ${messageOf(error)}`)
      }
    }
    return failures
  }

  #info({ block, settings }: Built): BlockInfo {
    return {
      index: block.index,
      zones: block.zones,
      view: settings.view,
      selector: settings.selector,
      listeners: this.listeners.of(block, settings),
      directives: block.directives.map(({ plugin }) => plugin.name),
      chain: chainOf(block).map(({ plugin }) => plugin.name),
      changing: changingIn(block),
    }
  }

  #blockMessage(built: Built): BlockMessage {
    const info = this.#info(built)
    const { block, settings } = built
    const sites = block.sites.flatMap(site =>
      this.listeners
        .ofSite(site, settings)
        .map(({ index }) => ({ listener: index, zone: wireZone(site.zone) })),
    )
    return {
      info,
      sites,
      chain: chainOf(block).map(({ plugin, options }) => ({
        name: plugin.name,
        options,
        shared: built.shared.get(plugin.name),
        selects: plugin.facts?.selects === true,
      })),
      allClasses: block.directives.some(({ plugin }) => plugin.facts?.allClasses),
      stacktrace: settings.stacktrace,
    }
  }

  #reserve(count: number): number {
    const offset = this.#sharedWords
    this.#sharedWords += count
    return offset
  }

  #hooks(
    name: string,
  ): Pick<ControlScope, 'onStart' | 'onRetire' | 'onShutdown' | 'onFinalShutdown'> {
    const { start, retire, shutdown, final } = this.#tasks
    const to = (tasks: Task[], hook: string) => (run: Task['run']) => {
      if (typeof run !== 'function') throw new TypeError(`${hook} takes a function`)
      tasks.push({ who: `plugin/${name}: ${hook}`, run })
    }
    return {
      onStart: to(start, 'onStart'),
      onRetire: to(retire, 'onRetire'),
      onShutdown: to(shutdown, 'onShutdown'),
      onFinalShutdown: to(final, 'onFinalShutdown'),
    }
  }

  #scope(built: Built, { plugin: { name }, tokens }: LoadedDirective): ControlScope {
    const { shards, clock, sink, metrics, cache, kept, changes, process, isDebug } = this.#parts
    const log = makeLogger(sink, `plugin/${name}: `, isDebug)
    const info = () => this.#info(built)
    return {
      get block() {
        return info()
      },
      settings: built.settings,
      shards,
      clock,
      log,
      metrics,
      shared: count => this.#reserve(count),
      words: () => {
        if (this.#words === undefined) throw new Error('shared words are there from onStart on')
        return this.#words
      },
      permits: () => {
        this.#sharedWords = roundUp(this.#sharedWords, PERMIT_ROW_WORDS)
        const offset = this.#reserve(permitWords(shards))
        this.permits.push(offset)
        return offset
      },
      table: (identity, capacity) => {
        const ref = cache.table(identity, capacity)
        if (ref.capacity < ref.requestedCapacity) {
          log.warning(
            `--cache-bytes allows ${ref.capacity} entries here, not ${ref.requestedCapacity}`,
          )
        }
        this.tables.push(ref)
        return ref
      },
      tableEntries: ref => cache.entries(ref),
      keep: <T extends Kept>(identity: string, make: (resources: Resources) => T): T => {
        const whole = `${name} ${identity}`
        this.kept.push(whole)
        return kept.get(whole, make)
      },
      changes: new InvalidationMarks(changes, changingIn(built.block), clock),
      hold: until => void this.#holds.push(settled(until, name, tokens)),
      offer: (kind, value) => built.offers.offer(kind, value),
      offered: kind => built.offers.offered(kind),
      http: route => void this.routes.push(namedRoute(name, route)),
      ...this.#hooks(name),
      process,
    }
  }
}

/** What the load waits for should not fail; undefined if it does not. */
const settled = (
  until: Promise<void>,
  name: string,
  tokens: LoadedDirective['tokens'],
): Promise<Error | undefined> =>
  Promise.resolve(until).then(
    () => undefined,
    error => pluginFault(name, tokens, `what it lets the load wait for fails: ${messageOf(error)}`),
  )

/** The route, with the plugin's name on what it fails with. */
const namedRoute = (name: string, route: HttpRoute): HttpRoute => ({
  ...route,
  async respond(request) {
    try {
      return await route.respond(request)
    } catch (error) {
      throw new Error(`plugin/${name}: ${messageOf(error)}`, { cause: error })
    }
  },
})

/** In chain order. */
const chainOf = ({ directives }: LoadedBlock): LoadedDirective[] =>
  directives.filter(({ plugin }) => plugin.serve !== undefined)

const prefixOf = ({ name }: AnyPlugin): string => `plugin/${name}: `

const changingIn = ({ directives }: LoadedBlock): ChangingZone[] =>
  directives.flatMap(({ changing }) => changing)

const PANICS_HELP = 'A metrics that counts the number of panics.'

const roundUp = (words: number, unit = LINE_WORDS): number => Math.ceil(words / unit) * unit

const wireZone = (zone: string): Uint8Array => {
  const wire = nameFromText(zone)
  if (wire === undefined) throw new Error(`zone is not a valid domain name: ${zone}`)
  return foldName(wire)
}
