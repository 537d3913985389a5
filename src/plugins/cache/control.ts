// The main half: two tables of the shared answer cache per server block, and the metrics' words.

import type { CacheTableRef } from '../../cache/table-ref.ts'
import type { BlockInfo } from '../../chain/block.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { CounterFamily, Vector } from '../../metrics/registrar.ts'
import type { CacheOptions } from './options.ts'
import { TABLE_NAMES } from './table-names.ts'

/**
 * Where the counters lie. Vectors run over the servers of the block; `hits` and `evictions` over
 * server and table.
 */
export interface CacheCounters {
  /**
   * Series index of the server dimension by ListenerRef.index; -1 for listeners of other blocks.
   */
  readonly seriesOfListener: readonly number[]
  readonly requests: Vector
  readonly hits: Vector
  readonly misses: Vector
  readonly prefetches: Vector
  readonly drops: Vector
  readonly servedStale: Vector
  readonly evictions: Vector
}

export interface CacheShared {
  readonly success: CacheTableRef
  readonly denial: CacheTableRef
  readonly counters: CacheCounters
}

export const control = (options: CacheOptions, scope: ControlScope): CacheShared => {
  const identity = identityOf(options, scope.block)
  const success = scope.table(`${identity}/success`, options.success.capacity)
  const denial = scope.table(`${identity}/denial`, options.denial.capacity)
  declareEntries(options, scope, { success, denial })
  return { success, denial, counters: declareCounters(options, scope) }
}

/**
 * Survives reloads, and keeps apart what must not mix: blocks on other listeners or with another
 * view may answer the same question from another source. Entries also carry groups of names
 * (chain/invalidation-scopes.ts), which mean nothing among other plugins.
 */
const identityOf = (options: CacheOptions, block: BlockInfo): string =>
  [
    'cache',
    serversOf(block).join(','),
    block.zones.join(','),
    block.view,
    block.selector,
    options.zones.join(','),
    block.changing.map(({ zone, labels }) => `${labels} ${zone}`).join(','),
  ].join('/')

const serversOf = (block: BlockInfo): string[] => [
  ...new Set(block.listeners.map(listener => listener.label)),
]

const declareEntries = (
  options: CacheOptions,
  scope: ControlScope,
  tables: Record<'success' | 'denial', CacheTableRef>,
): void => {
  const labels = { zones: options.zones.join(','), view: scope.block.view }
  const family = {
    name: 'coredns_cache_entries',
    help: 'The number of elements in the cache.',
    labelNames: ['server', 'type', 'zones', 'view'],
  }
  scope.metrics.gauge(family, () => {
    const counts = TABLE_NAMES.map(type => ({ type, value: scope.tableEntries(tables[type]) }))
    // CoreDNS shows both series from the first store on.
    if (counts.every(({ value }) => value === 0)) return []
    return serversOf(scope.block).flatMap(server =>
      counts.map(({ type, value }) => ({ labels: { server, type, ...labels }, value })),
    )
  })
}

const declareCounters = (options: CacheOptions, scope: ControlScope): CacheCounters => {
  const server = serversOf(scope.block)
  const fixed = { zones: options.zones.join(','), view: scope.block.view }
  const family = (name: string, help: string, labels: readonly string[]): CounterFamily =>
    scope.metrics.counter({
      name: `coredns_cache_${name}`,
      help,
      labelNames: [...labels, 'zones', 'view'],
    })
  const perServer = (name: string, help: string): Vector =>
    family(name, help, ['server']).vector(fixed, { server })
  const perTable = (name: string, help: string): Vector =>
    family(name, help, ['server', 'type']).vector(fixed, { server, type: TABLE_NAMES })
  return {
    seriesOfListener: seriesOfListener(scope.block, server),
    requests: perServer('requests_total', 'The count of cache requests.'),
    hits: perTable('hits_total', 'The count of cache hits.'),
    misses: perServer(
      'misses_total',
      'The count of cache misses. Deprecated, derive misses from cache hits/requests counters.',
    ),
    prefetches: perServer(
      'prefetch_total',
      'The number of times the cache has prefetched a cached item.',
    ),
    drops: perServer(
      'drops_total',
      'The number responses that are not cached, because the reply is malformed.',
    ),
    servedStale: perServer(
      'served_stale_total',
      'The number of requests served from stale cache entries.',
    ),
    evictions: perTable('evictions_total', 'The count of cache evictions.'),
  }
}

const seriesOfListener = (block: BlockInfo, servers: readonly string[]): number[] => {
  const series: number[] = []
  for (const { index, label } of block.listeners) series[index] = servers.indexOf(label)
  return Array.from(series, value => value ?? -1)
}
