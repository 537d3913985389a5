// What the control half of a plugin is given on the main thread.

import type { Clock } from '../base/clock.ts'
import type { CacheTableRef } from '../cache/table-ref.ts'
import type { Logger } from '../log/logger.ts'
import type { MetricRegistrar } from '../metrics/registrar.ts'
import type { RecordsMap } from '../records/map.ts'
import type { BlockInfo, BlockSettings } from './block.ts'
import type { InvalidationMarks } from './invalidation-scopes.ts'
import type { OfferKind } from './offers.ts'

export interface HttpRoute {
  /** `host:port` as the Corefile gives it; `:8080` is all addresses. */
  readonly address: string
  /** Exact path; anything else on that address is 404. */
  readonly path: string
  /**
   * What to do when the address cannot be listened on: fail the (re)load, log an error line and go
   * on, or go on in silence.
   */
  readonly onBindFailure: 'fatal' | 'log' | 'silent'
  /**
   * The text after `[ERROR] ` for onBindFailure 'log', before `: CAUSE`; e.g. `Failed to start
   * metrics handler`.
   */
  readonly failureText?: string
  respond(request: {
    readonly method: string
    readonly acceptEncoding: string
  }): HttpAnswer | Promise<HttpAnswer>
}

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string | Uint8Array
  readonly contentEncoding?: string
  /** Where a redirection leads. */
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
  /** Reserves the permit rows for one limit; see memory/permits.ts. */
  permits(): number
  /**
   * A table of the process-wide answer cache. The same identity (any stable text) gives the same
   * table with its entries after a reload. `capacity` counts entries; the table may hold fewer when
   * --cache-bytes is small, which is logged once.
   */
  table(identity: string, capacity: number): CacheTableRef
  /** Entries in a table now. */
  tableEntries(ref: CacheTableRef): number
  /**
   * The thing of that identity (any stable text): made now, or the one that an earlier generation
   * left. It is kept as long as some generation that asked for it is still served somewhere, then
   * disposed of.
   */
  keep<T extends Kept>(identity: string, make: (resources: Resources) => T): T
  /** What the plugin says of the names that it declared as changing. */
  readonly changes: InvalidationMarks
  /**
   * The load goes on once this has settled, at the latest; all that is held so is waited for at
   * once. It never rejects. `mostMs` is how long it may take by itself: the load fails if it has
   * not settled 20 s later.
   */
  hold(until: Promise<void>, mostMs?: number): void
  /**
   * Gives the other plugins of the block something, on main (chain/offers.ts). Throws RangeError if
   * it offers without end.
   */
  offer<T>(kind: OfferKind<T>, value: T): void
  /** What they have offered: read it from onStart on. */
  offered<T>(kind: OfferKind<T>): readonly T[]
  http(route: HttpRoute): void
  /**
   * Once all shards serve this generation. Timers, probes and watches start here, never earlier.
   */
  onStart(task: () => void): void
  /**
   * When the generation is replaced or its load failed: end timers and watches. Runs at shutdown
   * too, after onFinalShutdown.
   */
  onRetire(task: () => void | Promise<void>): void
  /**
   * At SIGTERM or SIGINT, in chain order, while queries are still answered; before any
   * onFinalShutdown.
   */
  onShutdown(task: () => void | Promise<void>): void
  /**
   * After all onShutdown tasks: lameduck waits here. `mostMs` is how long it means to wait: it is
   * left alone 5 s later.
   */
  onFinalShutdown(task: () => void | Promise<void>, mostMs?: number): void
  readonly process: ProcessControl
}

/** What a plugin keeps on the main thread over reloads. */
export interface Kept {
  /** No shard uses it any more. */
  dispose(): void
}

/** What kept things are made of. */
export interface Resources {
  /**
   * A map in the records memory, for shards to answer from. Give it back with drop() when disposed
   * of. Throws RangeError if there is no room.
   */
  newRecords(): RecordsMap
}

/** What a plugin may ask of the process as a whole. */
export interface ProcessControl {
  /** Nothing has been served before this generation: caches are empty. */
  readonly isFirstLoad: boolean
  /** What we are, as `-version` says first: `shardns-1.0.0-rc.1 (CoreDNS-1.14.7 compatible)`. */
  readonly version: string
  /** The same for servers that we ask: `shardns/1.0.0-rc.1 (linux/amd64)`. */
  readonly userAgent: string
  /** Signals readiness providers: `ready` asks every provider registered in its generation. */
  readonly readiness: ReadinessList
  /**
   * Re-reads the Corefile through the loader in use, without applying it. Undefined with the
   * built-in default or when it cannot be read.
   */
  readCorefile(): Promise<{ readonly hash: string } | { readonly error: string } | undefined>
  /** SHA-512 (hex) of the configuration that runs in this generation. */
  readonly configHash: string
  /**
   * Loads the Corefile anew, as SIGUSR1 does. Resolves to undefined, or to the failure's text;
   * never rejects.
   */
  reload(): Promise<string | undefined>
  /**
   * Collects main's garbage, which takes some tens of milliseconds: after work that made much of
   * it.
   */
  collectGarbage(): void
  /** Whether SIGTERM or SIGINT has been received. */
  isShuttingDown(): boolean
}

export interface ReadinessList {
  add(plugin: string, isReady: () => boolean): void
  /** Names of the plugins that are not ready, sorted, each once. */
  notReady(): string[]
}
