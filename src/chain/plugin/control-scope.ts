// The interface of the server to the control half of a plugin, on the main thread.

import type { Clock } from '../../base/time/clock.ts'
import type { CacheTableRef, TableCapacity } from '../../cache/table-ref.ts'
import type { Logger } from '../../log/logger.ts'
import type { MetricRegistrar } from '../../metrics/registrar.ts'
import type { RecordsMap } from '../../records/map.ts'
import type { BlockInfo, BlockSettings } from '../block.ts'
import type { InvalidationMarks } from '../invalidation-scopes.ts'
import type { ClientAuth, TlsServing } from '../listening.ts'
import type { OfferKind } from '../offers/offers.ts'

export interface HttpRoute {
  /** `host:port` as the Corefile gives it; `:8080` is all addresses. */
  readonly address: string
  /** Exact path; anything else on that address is 404. */
  readonly path: string
  /**
   * What happens when the address cannot be bound. `fatal`: the load or reload fails. `log`: an
   * error line is logged, and the load goes on. `silent`: the load goes on without a line.
   */
  readonly onBindFailure: 'fatal' | 'log' | 'silent'
  /**
   * The text after `[ERROR] ` for onBindFailure 'log', before `: CAUSE`; e.g. `Failed to start
   * metrics handler`.
   */
  readonly failureText?: string
  /** How the address is served over TLS; absent: in clear text. All routes of an address agree. */
  readonly tls?: HttpTls
  respond(request: {
    readonly method: string
    readonly acceptEncoding: string
  }): HttpAnswer | Promise<HttpAnswer>
}

export interface HttpTls {
  /** Any stable text: routes agree if theirs is the same. */
  readonly identity: string
  /**
   * For a connection that comes now. Undefined while there is no certificate: it is closed then.
   */
  current(): HttpTlsSettings | undefined
}

export interface HttpTlsSettings {
  /** Another text with each change. */
  readonly version: string
  /** PEM texts. `ca`: authorities of client certificates; absent: the system's. */
  readonly cert: string
  readonly key: string
  readonly ca?: string
  /** Absent: no client is asked for a certificate. */
  readonly clientAuth?: ClientAuth
  /** Absent: 1.2 and 1.3. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** Lists as OpenSSL writes them; absent: Node's own. */
  readonly ciphers?: string
  readonly curves?: string
  /** Whether the order of `ciphers` counts, and not the client's; absent: it does. */
  readonly prefersOwnCiphers?: boolean
  /** For all answers of the address. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string | Uint8Array
  readonly contentEncoding?: string
  /** URL for a redirection (the Location header). */
  readonly location?: string
}

export interface ControlScope {
  /**
   * Listeners reflect the settings made so far: directives after `bind` in chain order see the
   * final ones.
   */
  readonly block: BlockInfo
  readonly settings: BlockSettings
  readonly shards: number
  readonly clock: Clock
  /** Prefixes each line with `plugin/NAME: `. */
  readonly log: Logger
  readonly metrics: MetricRegistrar
  /**
   * Reserves `count` 32-bit words in the generation's shared words, zeroed; returns the word
   * offset.
   */
  shared(count: number): number
  /** The generation's shared words. Only from onStart on; before that it throws. */
  words(): Int32Array
  /**
   * Reserves the permit rows for one limit on concurrency; returns their number. See
   * memory/permits.ts.
   */
  permits(): number
  /**
   * Opens a table of the process-wide answer cache. The same identity (any stable text) gives the
   * same table with its entries after a reload. `capacity` counts entries, or is a part of what
   * --cache-bytes holds. The table may hold fewer when --cache-bytes is small; that is logged once
   * where a number was given.
   */
  table(identity: string, capacity: TableCapacity): CacheTableRef
  /** Number of entries in a table now. */
  tableEntries(ref: CacheTableRef): number
  /**
   * The resource of that identity (any stable text): made now, or kept from an earlier generation.
   * It is disposed of once no shard serves a generation that has asked for it.
   */
  keep<T extends Kept>(identity: string, make: (resources: Resources) => T): T
  /**
   * By which the plugin tells that names have changed which it has declared in
   * PluginFacts.changing.
   */
  readonly changes: InvalidationMarks
  /**
   * Delays the load until the promise has settled. All such promises are waited for together. The
   * promise must never reject. `mostMs` is the longest time in milliseconds that it needs: the load
   * fails if it has not settled 20 s after that.
   */
  hold(until: Promise<void>, mostMs?: number): void
  /**
   * Offers a value to the other plugins of the block, on main (chain/offers/offers.ts). Throws
   * TypeError for a value that does not fit the kind, and RangeError beyond 1000 offers.
   */
  offer<T>(kind: OfferKind<T>, value: T): void
  /** The values that they have offered. The list is complete from onStart on. */
  offered<T>(kind: OfferKind<T>): readonly T[]
  http(route: HttpRoute): void
  /**
   * Has the listeners that serve a certificate of that identity (BlockSettings.tls) serve this one
   * from now on. Resolves once every shard does. Only from onStart on.
   */
  renew(tls: TlsServing): Promise<void>
  /**
   * Runs once all shards serve this generation. Timers, probes and watches start here, never
   * earlier.
   */
  onStart(task: () => void): void
  /**
   * Runs when the generation is replaced or its load has failed: end timers and watches here. Runs
   * at shutdown too, after onFinalShutdown.
   */
  onRetire(task: () => void | Promise<void>): void
  /**
   * Runs at SIGTERM or SIGINT, in chain order, while queries are still answered, and before any
   * onFinalShutdown.
   */
  onShutdown(task: () => void | Promise<void>): void
  /**
   * Runs after all onShutdown tasks: lameduck waits here. `mostMs` is the longest time in
   * milliseconds that the task needs. The server does not wait for it longer than 5 s after that.
   */
  onFinalShutdown(task: () => void | Promise<void>, mostMs?: number): void
  readonly process: ProcessControl
}

/** A resource that a plugin keeps on the main thread across reloads. */
export interface Kept {
  /** Called when no shard uses it any more: frees what it holds. */
  dispose(): void
}

/** Memory that kept resources may allocate. */
export interface Resources {
  /**
   * A map in the records memory, for shards to answer from. Free it with drop() in `dispose`.
   * Throws RangeError if the records memory is full.
   */
  newRecords(): RecordsMap
}

/** Functions and facts of the whole process, for plugins. */
export interface ProcessControl {
  /** True if this is the first generation of the process: caches are empty. */
  readonly isFirstLoad: boolean
  /**
   * Name and version, as in the first line of `-version`: `shardns-1.0.0-rc.1 (CoreDNS-1.14.7
   * compatible)`.
   */
  readonly version: string
  /** The HTTP User-Agent for requests to other servers: `shardns/1.0.0-rc.1 (linux/amd64)`. */
  readonly userAgent: string
  /** Readiness: plugins register providers, and `ready` asks those of its generation. */
  readonly readiness: ReadinessList
  /**
   * Reads the Corefile again through the loader in use, without applying it. Resolves to the
   * SHA-512 (hex) of its configuration, or to an error text. Undefined for the built-in default, or
   * if the file cannot be read.
   */
  readCorefile(): Promise<{ readonly hash: string } | { readonly error: string } | undefined>
  /** SHA-512 (hex) of the configuration of this generation. */
  readonly configHash: string
  /**
   * Loads the Corefile anew, as SIGUSR1 does. Resolves to undefined, or to the failure's text;
   * never rejects.
   */
  reload(): Promise<string | undefined>
  /**
   * Collects the garbage of the main thread, which takes some tens of milliseconds; at the start
   * only if its heap has grown by much. Call it after work that has made much garbage.
   */
  collectGarbage(): void
  /**
   * Whether the shards have run the code that answers queries: until then the first queries may be
   * slow. Stays true.
   */
  isWarm(): boolean
  /** Whether SIGTERM or SIGINT has been received. */
  isShuttingDown(): boolean
}

export interface ReadinessList {
  add(plugin: string, isReady: () => boolean): void
  /** Names of the plugins that are not ready, sorted, each once. */
  notReady(): string[]
}
