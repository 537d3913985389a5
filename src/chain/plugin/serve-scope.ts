// The interface of the server to the serve half of a plugin, in each shard.

import type { Clock } from '../../base/time/clock.ts'
import type { CacheTable } from '../../cache/table.ts'
import type { CacheTableRef } from '../../cache/table-ref.ts'
import type { LineSink, Logger } from '../../log/logger.ts'
import type { Claims } from '../../memory/claims.ts'
import type { CounterRow } from '../../memory/counters.ts'
import type { Permits } from '../../memory/permits.ts'
import type { RecordsRef } from '../../records/layout.ts'
import type { RecordsReader } from '../../records/reader.ts'
import type { BlockInfo } from '../block.ts'
import type { InvalidationScopes } from '../invalidation-scopes.ts'
import type { OfferKind } from '../offers/offers.ts'
import type { Peer, Query } from '../query/query.ts'
import type { Reply } from '../reply/reply.ts'
import type { UdpPool } from './udp-pool.ts'

export interface ServeScope {
  readonly block: BlockInfo
  /**
   * 0-based index of this shard, and how many answer for the configuration. Stream shards, which
   * have the listeners that are not plain DNS, come last.
   */
  readonly shard: number
  readonly shards: number
  readonly clock: Clock
  /** Prefixes each line with `plugin/NAME: `. */
  readonly log: Logger
  /** Writes whole lines to the same output, without a prefix or level. */
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
  /** In-flight locks of the process: which shard asks upstream for which key. */
  readonly claims: Claims
  /** Pooled sockets to upstreams, if the shard's engine has any. */
  readonly udpPool?: UdpPool | undefined
  /**
   * Present in a chain that only runs its code once more, and answers nobody: then this peer is
   * asked over UDP in place of all upstreams. Nothing else leaves such a chain.
   */
  readonly rehearsal?: { readonly upstream: Peer } | undefined
  permits(offset: number, limit: number): Permits
  table(ref: CacheTableRef): CacheTable
  records(ref: RecordsRef): RecordsReader
  /** Tells when names of this block have changed. */
  readonly changes: InvalidationScopes
  /**
   * Runs when this generation has ended in this shard, after its last query is answered. Close
   * sockets, flush and end timers here.
   */
  onRetire(task: () => void): void
  /**
   * Asks the server itself (class IN), routed as if by this query's listener, through the full
   * chain (CoreDNS's upstream lookup). The reply is returned, not sent. `qname` is text; one query
   * may lead to 100 such questions.
   */
  resolve(query: Query, qname: string, qtype: number): Promise<Reply>
  /**
   * Offers a value to the other plugins of the block, in this thread (chain/offers/offers.ts).
   * Throws TypeError for a value that does not fit the kind, and RangeError beyond 1000 offers.
   */
  offer<T>(kind: OfferKind<T>, value: T): void
  /**
   * The values that they have offered. The list is complete when the first query comes, not yet in
   * `serve`.
   */
  offered<T>(kind: OfferKind<T>): readonly T[]
  /**
   * Ends the whole process with exit code 1 after printing `[FATAL] plugin/NAME: text` (used by
   * loop).
   */
  fatal(text: string): void
}
