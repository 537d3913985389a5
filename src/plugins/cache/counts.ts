// Hot path.
// What a shard counts: one word pair of its own counter row per series.

import type { Asked } from '../../chain/query/asked.ts'
import type { CounterRow } from '../../memory/counters.ts'
import type { Vector } from '../../metrics/registrar.ts'
import type { CacheCounters } from './control.ts'
import type { TableName } from './entries/storable.ts'
import { TABLE_NAMES } from './table-names.ts'

export class Counts {
  readonly #row: CounterRow
  readonly #counters: CacheCounters

  constructor(row: CounterRow, counters: CacheCounters) {
    this.#row = row
    this.#counters = counters
  }

  request(query: Asked): void {
    this.#add(this.#counters.requests, query, 0, 1, 1)
  }
  hit(query: Asked, table: TableName): void {
    this.#add(this.#counters.hits, query, TABLE_NAMES.indexOf(table), TABLE_NAMES.length, 1)
  }
  miss(query: Asked): void {
    this.#add(this.#counters.misses, query, 0, 1, 1)
  }
  prefetch(query: Asked): void {
    this.#add(this.#counters.prefetches, query, 0, 1, 1)
  }
  drop(query: Asked): void {
    this.#add(this.#counters.drops, query, 0, 1, 1)
  }
  servedStale(query: Asked): void {
    this.#add(this.#counters.servedStale, query, 0, 1, 1)
  }
  evictions(query: Asked, table: TableName, count: number): void {
    if (count > 0)
      this.#add(
        this.#counters.evictions,
        query,
        TABLE_NAMES.indexOf(table),
        TABLE_NAMES.length,
        count,
      )
  }

  #add(vector: Vector, query: Asked, column: number, columns: number, count: number): void {
    const series = this.#counters.seriesOfListener[query.listener.index] ?? -1
    if (series >= 0) this.#row.add(vector.base + (series * columns + column) * vector.step, count)
  }
}
