// What the serve half of a plugin is given in each shard.

import type { Clock } from '../base/clock.ts'
import type { CacheTable } from '../cache/table.ts'
import type { CacheTableRef } from '../cache/table-ref.ts'
import type { LineSink, Logger } from '../log/logger.ts'
import type { Claims } from '../memory/claims.ts'
import type { CounterRow } from '../memory/counters.ts'
import type { Permits } from '../memory/permits.ts'
import type { RecordsRef } from '../records/layout.ts'
import type { RecordsReader } from '../records/reader.ts'
import type { BlockInfo } from './block.ts'
import type { InvalidationScopes } from './invalidation-scopes.ts'
import type { OfferKind } from './offers.ts'
import type { Query } from './query.ts'
import type { Reply } from './reply.ts'
import type { UdpPool } from './udp-pool.ts'

export interface ServeScope {
  readonly block: BlockInfo
  /** 0-based index of this shard, and how many there are. */
  readonly shard: number
  readonly shards: number
  readonly clock: Clock
  /** Prefixes each line with `plugin/NAME: `. */
  readonly log: Logger
  /** The same place, for lines that have a form of their own. */
  readonly lines: LineSink
  /**
   * This shard's row of the generation's counters and histograms: offsets come from
   * ControlScope.metrics.
   */
  readonly counters: CounterRow
  /**
   * Words of the generation that all threads share: offsets come from ControlScope.shared. Use
   * Atomics.
   */
  readonly words: Int32Array
  /** Process-wide: who asks upstream for which key. */
  readonly claims: Claims
  /** Pooled sockets to upstreams, if the shard's engine has any. */
  readonly udpPool?: UdpPool | undefined
  permits(offset: number, limit: number): Permits
  table(ref: CacheTableRef): CacheTable
  records(ref: RecordsRef): RecordsReader
  /** When names of this block have changed. */
  readonly changes: InvalidationScopes
  /**
   * Runs when this generation has ended in this shard: its last query is answered. Close sockets,
   * flush, end timers.
   */
  onRetire(task: () => void): void
  /**
   * Routes a question of our own (class IN) through this query's listener again: the full chain,
   * answer not sent (CoreDNS's upstream lookup).
   */
  resolve(query: Query, qname: string, qtype: number): Promise<Reply>
  /**
   * Gives the other plugins of the block something, in this thread (chain/offers.ts). Throws
   * RangeError if it offers without end.
   */
  offer<T>(kind: OfferKind<T>, value: T): void
  /** What they have offered: read it when the first query comes, not in `serve`. */
  offered<T>(kind: OfferKind<T>): readonly T[]
  /**
   * Ends the whole process with exit code 1 after printing `[FATAL] plugin/NAME: text` (used by
   * loop).
   */
  fatal(text: string): void
}
