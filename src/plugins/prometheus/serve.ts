// Shard half of prometheus: counts each query when its reply, or failure, comes by.

import { rcodeOfError } from '../../chain/errors.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Query } from '../../chain/query/query.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import { observe } from '../../chain/stage/observe.ts'
import { DnsMetrics, type DnsMetricVectors } from '../../metrics/dns-metrics.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import { FastCounts, longestOf, theOneZone } from './fast.ts'
import { zoneLabels } from './labels.ts'
import type { PrometheusOptions } from './options.ts'

const UNWRITTEN = 0
const WRITTEN = 1

export const serve = (
  _options: PrometheusOptions,
  scope: ServeScope,
  vectors: DnsMetricVectors,
): Stage => {
  const { block, clock } = scope
  const metrics = new DnsMetrics(scope.counters, vectors)
  /** Position in the labels by ListenerRef.index. */
  const servers = new Map(block.listeners.map((listener, position) => [listener.index, position]))
  const labels = zoneLabels(block)
  const writer = Math.min(WRITTEN, vectors.pluginCount - 1)

  // Routing gave us the query, so it is in our zone if there is but one.
  const zoneOf = block.zones.length === 1 ? theOneZone : longestOf(ZoneIndex.fromText(labels))

  const count = (query: Query, rcode: number, plugin: number, replyBytes: number): void => {
    const server = servers.get(query.listener.index)
    if (server === undefined) return
    const zone = zoneOf(query.name)
    const isTcp = query.proto === 'tcp'
    metrics.request(
      server,
      zone,
      isTcp,
      query.client.family,
      query.question.type,
      query.do,
      query.bytes.length,
    )
    metrics.response(
      server,
      zone,
      isTcp,
      rcode,
      plugin,
      replyBytes,
      (clock.ms() - query.receivedMs) / 1000,
    )
  }

  const positions: number[] = []
  for (const [index, position] of servers) positions[index] = position
  const fast = new FastCounts({
    metrics,
    servers: Array.from(positions, position => position ?? -1),
    zoneOf,
    zoneCount: labels.length,
    writer,
  })

  return {
    fast,
    wrap: observe({
      onReply(query, reply) {
        // An empty reply is SILENCE.
        if (reply.bytes.length === 0) count(query, 0, UNWRITTEN, 0)
        else if (!reply.isWritten) count(query, reply.rcode, UNWRITTEN, 0)
        else count(query, reply.rcode, writer, reply.layout.uncompressedLength)
      },
      onFailure: (query, error) => count(query, rcodeOfError(error), UNWRITTEN, 0),
    }),
  }
}
