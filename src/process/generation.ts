// One configuration on the main thread: runs the control halves in set-up order, collects what they
// ask for, and lays it out as the message that the shards get. It opens nothing and starts nothing:
// server.ts does, once all shards have loaded it.

import type { Clock } from '../base/time/clock.ts'
import { inTime, LOAD_PATIENCE_MS, type Patience, SLOW_MS } from '../base/time/patience.ts'
import type { CacheMemory } from '../cache/cache-memory.ts'
import type { CacheTableRef } from '../cache/table-ref.ts'
import { type BlockInfo, type BlockSettings, initialSettings } from '../chain/block.ts'
import { messageOf } from '../chain/errors.ts'
import { type ChangingZone, InvalidationMarks } from '../chain/invalidation-scopes.ts'
import type { TlsServing } from '../chain/listening.ts'
import { isOfStreamShards, type Scheme } from '../chain/listening.ts'
import { Offers } from '../chain/offers/offers.ts'
import type {
  ControlScope,
  HttpRoute,
  Kept,
  ProcessControl,
  Resources,
} from '../chain/plugin/control-scope.ts'
import type { OutsideModule } from '../chain/plugin/outside-module.ts'
import { notPlainIn } from '../chain/plugin/plain-data.ts'
import type { AnyControlHalf, AnyPlugin } from '../chain/plugin/plugin.ts'
import { checkOverlap } from '../corefile/overlap.ts'
import { makeLogger } from '../log/log.ts'
import type { LineSink, Logger } from '../log/logger.ts'
import type { InvalidationBoard } from '../memory/invalidation-board.ts'
import { PERMIT_ROW_WORDS, permitWords } from '../memory/permits.ts'
import { sharedBuffer } from '../memory/shared-buffer.ts'
import { declareDnsMetrics } from '../metrics/dns-metrics.ts'
import { declareHttpStatuses } from '../metrics/http-statuses.ts'
import type { GenerationMetrics } from '../metrics/registry.ts'
import type { OpenSockets } from '../net/mmsg/sockets.ts'
import { inThisContext } from '../outside/blame.ts'
import { loadControlHalf } from '../plugins/index.ts'
import type { BlockMessage, FailedMessage, GenerationMessage } from '../shard/messages.ts'
import { foldName, nameFromText } from '../wire/name.ts'
import { tlsConflict } from './http/tls-front.ts'
import type { KeptResources } from './kept-resources.ts'
import type { ServedPlace } from './listen-sockets.ts'
import { ListenerTable } from './listener-table.ts'
import { boundSites, inSetupOrder, type LoadedBlock, type LoadedConfig } from './load/load.ts'
import { pluginFault, thrownBy } from './load/plugin-fault.ts'
import type { LoadedDirective } from './load/read-directive.ts'
import { namedMetrics, namedRoute } from './named-failures.ts'
import {
  checkRoute,
  duration,
  identityText,
  settingsMisfit,
  tableCapacity,
  wholeNumber,
} from './scope-checks.ts'

const LINE_WORDS = 16
/** Shared words of one generation: 64 MiB. */
const MOST_SHARED_WORDS = 1 << 24
/** What one control half may ask of its scope: more is a plugin that asks in a loop. */
const MOST_REQUESTS = 10_000
/** For a task, beside what it says itself that it takes. */
const TASK_PATIENCE_MS = 5000

export interface GenerationParts {
  readonly id: number
  readonly shards: number
  /** In addition to those; they answer only what comes to listeners of their own. */
  readonly streamShards: number
  readonly clock: Clock
  readonly sink: Pick<LineSink, 'raw'>
  readonly metrics: GenerationMetrics
  readonly cache: CacheMemory
  readonly kept: KeptResources
  readonly changes: InvalidationBoard
  readonly process: ProcessControl
  /** Whether debug lines are printed: of the generation that serves. */
  readonly isDebug: () => boolean
  readonly renew: (tls: TlsServing) => Promise<void>
  /** Its reason ends the load. */
  readonly giveUp?: AbortSignal
}

/** What a control half has registered. */
interface Task {
  /** `plugin/NAME: onStart`. */
  readonly who: string
  readonly run: () => void | Promise<void>
  /** How long it takes by itself. */
  readonly ownMs: number
}
type ControlHalves = ReadonlyMap<AnyPlugin, Promise<AnyControlHalf | undefined>>
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
  #isOver = false

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
    const steps = inSetupOrder(this.#built, this.config.order)
    const plugins = new Set(steps.map(({ found }) => found.plugin))
    const halves: ControlHalves = new Map(
      [...plugins].map(plugin => [plugin, loadControlHalf(plugin, name => this.#tellSlow(name))]),
    )
    // At the same time; below they are at hand. Those that fail do so below, too, with their place.
    await Promise.allSettled(halves.values())
    for (const { holder, found } of steps)
      holder.shared.set(found.plugin.name, await this.#setUp(holder, found, halves))
    for (const failure of await Promise.all(this.#holds)) if (failure !== undefined) throw failure
    for (const { block, settings } of this.#built) this.listeners.of(block, settings)
    checkOverlap(
      this.#built.flatMap(({ block, settings }) => boundSites(block, settings.bindAddresses)),
    )
  }

  /** What the control half makes, for the shards. */
  async #setUp(built: Built, found: LoadedDirective, halves: ControlHalves): Promise<unknown> {
    const { plugin, options, tokens } = found
    const { name } = plugin
    const half = await halves.get(plugin)?.catch(({ message }: Error) => {
      throw pluginFault(name, tokens, message)
    })
    let shared: unknown
    try {
      const made = half?.control(options, this.#scope(built, found))
      shared = await inTime(made, this.#patience(name))
    } catch (error) {
      throw this.#isGivenUp(error) ? error : thrownBy(name, tokens, 'its control half fails', error)
    }
    const misfit = settingsMisfit(built.settings)
    if (misfit !== undefined) throw pluginFault(name, tokens, `its control half ${misfit}`)
    const strange = notPlainIn(shared)
    if (strange === undefined) return shared
    throw pluginFault(name, tokens, `what its control half gives is not plain data: ${strange}`)
  }

  /** For what a plugin does in a load; `ownMs` is what it takes by itself. */
  #patience(name: string, ownMs = 0): Patience {
    return {
      mostMs: LOAD_PATIENCE_MS + ownMs,
      slow: { afterMs: SLOW_MS + ownMs, tell: () => this.#tellSlow(name) },
      signal: this.#parts.giveUp,
    }
  }

  #tellSlow(name: string): void {
    this.#log.warning(`main takes long to load plugin/${name}`)
  }

  #isGivenUp(error: unknown): boolean {
    const { giveUp } = this.#parts
    return giveUp?.aborted === true && giveUp.reason === error
  }

  /**
   * Lays out the shared memory and the message. Once, after control(). `open` gives the sockets
   * that main opens for an address, if it does.
   */
  message(open: (at: ServedPlace) => OpenSockets | undefined): GenerationMessage {
    const { metrics, id } = this.#parts
    const blocks = this.#built.map(built => this.#blockMessage(built))
    const listeners = this.listeners.messages(this.#built).map(listener => {
      const sockets = open(listener)
      if (sockets !== undefined) this.sockets.push(sockets)
      const { scheme, label } = listener
      const httpStatuses = scheme === 'https' ? declareHttpStatuses(metrics, label) : undefined
      return { ...listener, ...sockets, httpStatuses }
    })
    const dropped = declareDnsMetrics(metrics, {
      servers: listeners.map(({ label }) => label),
      zones: ['dropped'],
      view: '',
      plugins: [''],
    })
    const panics = metrics.counter(PANICS).vector({}).base
    const sharedWords = roundUp(this.#sharedWords)
    const rowWords = roundUp(metrics.rowWords)
    const words = sharedBuffer((sharedWords + rowWords * this.#rows) * 4)
    this.#words = new Int32Array(words, 0, sharedWords)
    const bases = Array.from({ length: this.#rows }, (_, row) => sharedWords + row * rowWords)
    metrics.attach(new Int32Array(words), bases)
    return {
      id,
      listeners,
      blocks,
      modules: this.#modules(),
      debug: this.isDebug,
      words,
      sharedWords,
      rowWords,
      dropped,
      panics,
    }
  }

  /** Of counters and permits: one for each shard that there may be. */
  get #rows(): number {
    return this.#parts.shards + this.#parts.streamShards
  }

  /** Those that answer for it. */
  get #serving(): number {
    const sites = this.config.blocks.flatMap(block => block.sites)
    const hasStreams = sites.some(({ transport }) => isOfStreamShards(transport as Scheme))
    return hasStreams ? this.#rows : this.#parts.shards
  }

  #modules(): OutsideModule[] {
    const modules = this.#built.flatMap(({ block }) =>
      chainOf(block).flatMap(({ plugin }) => plugin.outside ?? []),
    )
    return [...new Set(modules)]
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
    this.#isOver = true
    await this.#run(this.#tasks.retire)
  }
  async shutdown(): Promise<boolean> {
    const failures = (await this.#run(this.#tasks.shutdown)) + (await this.#run(this.#tasks.final))
    return failures === 0
  }

  /**
   * Each task in order; failures are logged and counted, and do not keep the others from running.
   * One that does not come to an end is left alone.
   */
  async #run(tasks: readonly Task[]): Promise<number> {
    let failures = 0
    for (const task of tasks) {
      try {
        await inTime(task.run(), { mostMs: TASK_PATIENCE_MS + task.ownMs })
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
      chain: chainOf(block).map(({ plugin, options, tokens }) => ({
        name: plugin.name,
        options: copied(options, plugin, tokens),
        shared: copied(built.shared.get(plugin.name), plugin, tokens),
        selects: plugin.facts?.selects === true,
        module: plugin.outside?.url ?? plugin.serveFile,
      })),
      allClasses: block.directives.some(({ plugin }) => plugin.facts?.allClasses),
      stacktrace: settings.stacktrace,
    }
  }

  #reserve(what: string, count: number): number {
    const offset = this.#sharedWords
    this.#sharedWords += wholeNumber(what, count, MOST_SHARED_WORDS - offset)
    return offset
  }

  /** Counts what a control half asks for. Throws when it is too much, or too late. */
  #requests(): (what: string) => void {
    let count = 0
    return what => {
      if (this.#isOver) throw new Error(`${what}: the configuration is no longer there`)
      if (++count > MOST_REQUESTS)
        throw new RangeError(`more than ${MOST_REQUESTS} requests of one scope, ${what} the last`)
    }
  }

  /** The same for what the message to the shards, or the load, must know of. */
  #setupRequests(asked: (what: string) => void): (what: string) => void {
    return what => {
      asked(what)
      if (this.#words !== undefined)
        throw new TypeError(`${what} comes too late: it is for control halves, not for tasks`)
    }
  }

  #hooks(
    name: string,
    asked: (what: string) => void,
  ): Pick<ControlScope, 'onStart' | 'onRetire' | 'onShutdown' | 'onFinalShutdown'> {
    const { start, retire, shutdown, final } = this.#tasks
    const to =
      (tasks: Task[], hook: string) =>
      (run: Task['run'], ownMs = 0) => {
        asked(hook)
        if (typeof run !== 'function') throw new TypeError(`${hook} takes a function`)
        const task = inThisContext(run)
        tasks.push({ who: `plugin/${name}: ${hook}`, run: task, ownMs: duration(hook, ownMs) })
      }
    return {
      onStart: to(start, 'onStart'),
      onRetire: to(retire, 'onRetire'),
      onShutdown: to(shutdown, 'onShutdown'),
      onFinalShutdown: to(final, 'onFinalShutdown'),
    }
  }

  #scope(built: Built, found: LoadedDirective): ControlScope {
    const { name } = found.plugin
    const { clock, sink, metrics, changes, process, isDebug, renew } = this.#parts
    const log = makeLogger(sink, `plugin/${name}: `, isDebug)
    const info = () => this.#info(built)
    const asked = this.#requests()
    return {
      get block() {
        return info()
      },
      settings: built.settings,
      shards: this.#serving,
      clock,
      log,
      metrics: namedMetrics(metrics, log),
      words: () => {
        if (this.#words === undefined) throw new Error('shared words are there from onStart on')
        return this.#words
      },
      ...this.#memory(name, log, this.#setupRequests(asked)),
      changes: new InvalidationMarks(changes, changingIn(built.block), clock),
      hold: this.#holdOf(found, this.#setupRequests(asked)),
      offer: (kind, value) => built.offers.offer(kind, value),
      offered: kind => built.offers.offered(kind),
      ...this.#hooks(name, asked),
      renew,
      process,
    }
  }

  /** What a control half asks for that lies in shared memory, or is opened on main. */
  #memory(
    name: string,
    log: Logger,
    asked: (what: string) => void,
  ): Pick<ControlScope, 'shared' | 'permits' | 'table' | 'tableEntries' | 'keep' | 'http'> {
    const { cache, kept } = this.#parts
    return {
      shared: count => {
        asked('shared')
        return this.#reserve('shared', count)
      },
      permits: () => {
        asked('permits')
        this.#sharedWords = roundUp(this.#sharedWords, PERMIT_ROW_WORDS)
        const offset = this.#reserve('permits', permitWords(this.#rows))
        this.permits.push(offset)
        return offset
      },
      table: (identity, capacity) => {
        asked('table')
        const ref = cache.table(identityText('table', identity), tableCapacity(capacity))
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
        asked('keep')
        const whole = `${name} ${identityText('keep', identity)}`
        this.kept.push(whole)
        return kept.get(whole, make)
      },
      http: route => {
        asked('http')
        checkRoute(route)
        const conflict = tlsConflict(route, this.routes)
        if (conflict !== undefined) throw new Error(conflict)
        this.routes.push(namedRoute(name, route))
      },
    }
  }

  #holdOf(
    { plugin: { name }, tokens }: LoadedDirective,
    asked: (what: string) => void,
  ): ControlScope['hold'] {
    return (until, mostMs = 0) => {
      asked('hold')
      if (typeof until?.then !== 'function') throw new TypeError('hold takes a promise')
      const settled = inTime(until, this.#patience(name, duration('hold', mostMs)))
      const doing = 'what it lets the load wait for fails'
      const failure = settled.then(
        () => undefined,
        (error: unknown) =>
          this.#isGivenUp(error)
            ? (error as Error)
            : pluginFault(name, tokens, `${doing}: ${messageOf(error)}`),
      )
      this.#holds.push(failure)
    }
  }
}

/** What goes to the shards; structured clone does not say whose it cannot take. */
const copied = (
  value: unknown,
  { name }: AnyPlugin,
  tokens: LoadedDirective['tokens'],
): unknown => {
  try {
    return structuredClone(value)
  } catch (error) {
    throw pluginFault(
      name,
      tokens,
      `what it gives the shards is no plain data: ${messageOf(error)}`,
    )
  }
}

/** In chain order. */
const chainOf = ({ directives }: LoadedBlock): LoadedDirective[] =>
  directives.filter(({ plugin }) => plugin.serve !== undefined)

const prefixOf = ({ name }: AnyPlugin): string => `plugin/${name}: `

const changingIn = ({ directives }: LoadedBlock): ChangingZone[] =>
  directives.flatMap(({ changing }) => changing)

export const PANICS = {
  name: 'coredns_panics_total',
  help: 'A metrics that counts the number of panics.',
}

const roundUp = (words: number, unit = LINE_WORDS): number => Math.ceil(words / unit) * unit

const wireZone = (zone: string): Uint8Array => {
  const wire = nameFromText(zone)
  if (wire === undefined) throw new Error(`zone is not a valid domain name: ${zone}`)
  return foldName(wire)
}
