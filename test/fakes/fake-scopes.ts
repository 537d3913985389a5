// Scopes for plugin halves in tests: real shared memory (counters, permits, claims, cache), but no
// threads, sockets or process around it.

import type { Clock } from '../../src/base/time/clock.ts'
import { CacheMemory } from '../../src/cache/cache-memory.ts'
import { CacheTable } from '../../src/cache/table.ts'
import type { CacheTableRef } from '../../src/cache/table-ref.ts'
import type { BlockInfo, BlockSettings } from '../../src/chain/block.ts'
import { InvalidationMarks, InvalidationScopes } from '../../src/chain/invalidation-scopes.ts'
import type { TlsServing } from '../../src/chain/listening.ts'
import { Offers } from '../../src/chain/offers/offers.ts'
import type {
  ControlScope,
  HttpRoute,
  ProcessControl,
  ReadinessList,
} from '../../src/chain/plugin/control-scope.ts'
import type { ServeScope } from '../../src/chain/plugin/serve-scope.ts'
import type { Logger } from '../../src/log/logger.ts'
import { CLAIM_WORDS, Claims } from '../../src/memory/claims.ts'
import { CounterRow } from '../../src/memory/counters.ts'
import { CHANGE_SLOTS, type InvalidationBoard } from '../../src/memory/invalidation-board.ts'
import { PERMIT_ROW_WORDS, Permits, permitWords } from '../../src/memory/permits.ts'
import { KeptResources } from '../../src/process/kept-resources.ts'
import { RecordsReader } from '../../src/records/reader.ts'
import { RecordsMemory } from '../../src/records/records-memory.ts'
import { FakeMetrics, ROW_WORDS } from './fake-metrics.ts'

const SHARED_WORDS = 1 << 14
const CACHE_BYTES = 8 << 20
const RECORDS_BYTES = 4 << 20
const CLAIM_ENTRIES = 64

/** What is given back may be used again at once. */
const NOBODY_READS = { mark: () => [], hasPassed: () => true }

const sharedInt32 = (words: number): Int32Array => new Int32Array(new SharedArrayBuffer(words * 4))

/** A clock that stands still until told to advance; wall time runs along, from 2026-01-01. */
export const fakeClock = (startMs = 1_000_000): Clock & { advance(ms: number): void } => {
  let now = startMs
  const wallStartMs = Date.UTC(2026, 0, 1) - startMs
  return {
    ms: () => now,
    seconds: () => Math.floor(now / 1000),
    wallMs: () => wallStartMs + now,
    advance: ms => {
      now += ms
    },
  }
}

/** Appends `[WARNING] text` and so on to `lines`, without the plugin's name. */
export const fakeLogger = (lines: string[]): Logger => ({
  debug: text => void lines.push(`[DEBUG] ${text}`),
  info: text => void lines.push(`[INFO] ${text}`),
  warning: text => void lines.push(`[WARNING] ${text}`),
  error: text => void lines.push(`[ERROR] ${text}`),
})

/** A block with zone `.` on `dns://:53`. */
export const fakeBlock = (overrides: Partial<BlockInfo> = {}): BlockInfo => ({
  index: 0,
  zones: ['.'],
  view: '',
  selector: '',
  listeners: [{ index: 0, label: 'dns://:53' }],
  directives: [],
  chain: overrides.directives ?? [],
  changing: [],
  ...overrides,
})

type Task = () => void | Promise<void>

export interface FakeControl extends ControlScope {
  readonly logged: string[]
  readonly routes: HttpRoute[]
  readonly renewed: TlsServing[]
  /** Registrar whose counters can be read back: see counterValue. */
  readonly metrics: FakeMetrics
  /** What `words()` gives once started; fakeServe takes it, and the claims' words, from here. */
  readonly sharedWords: Int32Array
  readonly claimWords: Int32Array
  readonly memory: CacheMemory
  readonly kept: KeptResources
  readonly board: InvalidationBoard
  /** Times that `process.reload` was called. */
  reloads: number
  /**
   * Run the tasks of one kind, each awaited in order. `shutdown` runs onShutdown and then
   * onFinalShutdown.
   */
  started(): Promise<void>
  retired(): Promise<void>
  shutdown(): Promise<void>
}

export type ControlOverrides = Partial<Pick<ControlScope, 'shards' | 'clock' | 'log'>> & {
  readonly block?: Partial<BlockInfo>
  readonly settings?: Partial<BlockSettings>
  readonly process?: Partial<ProcessControl>
  readonly metrics?: FakeMetrics
  /** Of an earlier scope: what plugins kept there. */
  readonly kept?: KeptResources
}

/** A control scope that remembers what a plugin asked for. */
export const fakeControl = (overrides: ControlOverrides = {}): FakeControl => {
  const logged: string[] = []
  const routes: HttpRoute[] = []
  const renewed: TlsServing[] = []
  const holds: Promise<void>[] = []
  const tasks = {
    start: [] as Task[],
    retire: [] as Task[],
    shutdown: [] as Task[],
    final: [] as Task[],
  }
  const {
    shards = 1,
    clock = fakeClock(),
    log = fakeLogger(logged),
    metrics = new FakeMetrics(),
  } = overrides
  const sharedWords = sharedInt32(SHARED_WORDS)
  const memory = new CacheMemory(CACHE_BYTES)
  const records = new RecordsMemory(RECORDS_BYTES, NOBODY_READS, memory.seed)
  const kept =
    overrides.kept ?? new KeptResources({ newRecords: () => records.newMap() }, fakeLogger(logged))
  const board = { words: sharedInt32(CHANGE_SLOTS), offset: 0 }
  const block = fakeBlock(overrides.block)
  const offers = new Offers()
  let used = 0
  let isStarted = false
  const reserve = (count: number): number => {
    used += count
    if (used > SHARED_WORDS) throw new RangeError('the shared words of the test are used up')
    return used - count
  }
  const control: FakeControl = {
    block,
    settings: {
      root: '',
      bindAddresses: undefined,
      debug: false,
      stacktrace: false,
      timeouts: {},
      view: '',
      selector: '',
      ...overrides.settings,
    },
    shards,
    clock,
    log,
    metrics,
    logged,
    routes,
    renewed,
    sharedWords,
    claimWords: sharedInt32(CLAIM_ENTRIES * CLAIM_WORDS),
    memory,
    kept,
    board,
    reloads: 0,
    offer: (kind, value) => offers.offer(kind, value),
    offered: kind => offers.offered(kind),
    keep: (identity, make) => kept.get(identity, make),
    changes: new InvalidationMarks(board, block.changing, clock),
    shared: reserve,
    permits: () => {
      reserve(-used & (PERMIT_ROW_WORDS - 1))
      return reserve(permitWords(shards))
    },
    words: () => {
      if (!isStarted) throw new Error('words() before onStart')
      return sharedWords
    },
    table: (identity, capacity) => memory.table(identity, capacity),
    tableEntries: ref => memory.entries(ref),
    hold: until => void holds.push(until),
    http: route => void routes.push(route),
    renew: async tls => void renewed.push(tls),
    onStart: task => void tasks.start.push(task),
    onRetire: task => void tasks.retire.push(task),
    onShutdown: task => void tasks.shutdown.push(task),
    onFinalShutdown: task => void tasks.final.push(task),
    process: fakeProcess(overrides.process, () => control.reloads++),
    started: async () => {
      await Promise.all(holds)
      isStarted = true
      await runAll(tasks.start)
    },
    retired: () => runAll(tasks.retire),
    shutdown: async () => {
      await runAll(tasks.shutdown)
      await runAll(tasks.final)
    },
  }
  return control
}

const runAll = async (tasks: readonly Task[]): Promise<void> => {
  for (const task of tasks) await task()
}

const fakeProcess = (
  overrides: Partial<ProcessControl> = {},
  countReload: () => void,
): ProcessControl => ({
  isFirstLoad: true,
  version: 'shardns-test',
  userAgent: 'shardns/test',
  readiness: fakeReadiness(),
  readCorefile: async () => undefined,
  configHash: '00',
  reload: async () => {
    countReload()
    return undefined
  },
  collectGarbage: () => undefined,
  isWarm: () => true,
  isShuttingDown: () => false,
  ...overrides,
})

const fakeReadiness = (): ReadinessList => {
  const providers: { readonly plugin: string; readonly isReady: () => boolean }[] = []
  return {
    add: (plugin, isReady) => void providers.push({ plugin, isReady }),
    notReady: () =>
      [
        ...new Set(
          providers.filter(provider => !provider.isReady()).map(provider => provider.plugin),
        ),
      ].toSorted(),
  }
}

export interface FakeServe extends ServeScope {
  readonly logged: string[]
  /** This shard's counter row, for counterValue. */
  readonly row: Int32Array
  /** Texts given to `fatal`, which does not end the process here. */
  readonly fatals: string[]
  /** Runs the onRetire tasks. */
  retire(): void
}

export type ServeOverrides = Partial<
  Pick<ServeScope, 'shard' | 'shards' | 'clock' | 'log' | 'claims' | 'resolve'>
> & {
  readonly block?: Partial<BlockInfo>
  /** Of the block, where several plugins of it are served. */
  readonly offers?: Offers
  /** Takes shards, clock, block and shared words from this control scope. */
  readonly control?: FakeControl
}

/**
 * A serve scope for one shard. Scopes made with the same `control` share its words, claims and
 * cache, as shards do.
 */
export const fakeServe = (overrides: ServeOverrides = {}): FakeServe => {
  const { control } = overrides
  const {
    shard = 0,
    shards = control?.shards ?? 1,
    clock = control?.clock ?? fakeClock(),
  } = overrides
  const logged: string[] = []
  const fatals: string[] = []
  const tasks: (() => void)[] = []
  const row = sharedInt32(ROW_WORDS)
  const words = control?.sharedWords ?? sharedInt32(SHARED_WORDS)
  const claimWords = control?.claimWords ?? sharedInt32(CLAIM_ENTRIES * CLAIM_WORDS)
  const tables = new Map<CacheTableRef, CacheTable>()
  const offers = overrides.offers ?? new Offers()
  const block = { ...(control?.block ?? fakeBlock()), ...overrides.block }
  const board = control?.board ?? { words: sharedInt32(CHANGE_SLOTS), offset: 0 }
  return {
    block,
    shard,
    shards,
    clock,
    log: overrides.log ?? fakeLogger(logged),
    lines: { raw: line => void logged.push(line), rawBytes: () => {} },
    logged,
    row,
    fatals,
    counters: new CounterRow(row, 0),
    words,
    claims: overrides.claims ?? new Claims(claimWords, 0, CLAIM_ENTRIES, shard + 1),
    permits: (offset, limit) => new Permits(words, offset, shards, shard, limit),
    table: ref => {
      const table = tables.get(ref) ?? new CacheTable(ref, shard + 1)
      tables.set(ref, table)
      return table
    },
    records: ref => new RecordsReader(ref, control?.memory.seed ?? [0, 0]),
    changes: new InvalidationScopes(board, block.changing),
    onRetire: task => void tasks.push(task),
    resolve:
      overrides.resolve ?? (async () => Promise.reject(new Error('this test gives no resolve'))),
    offer: (kind, value) => offers.offer(kind, value),
    offered: kind => offers.offered(kind),
    fatal: text => void fatals.push(text),
    retire: () => {
      for (const task of tasks) task()
    },
  }
}
