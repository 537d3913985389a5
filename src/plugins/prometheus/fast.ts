// Hot path. The fast step of prometheus: counts answers as they leave. Their duration is known when
// their batch has been sent, and is counted for the whole batch at once.

import type { FastQuery } from '../../chain/query/fast-query.ts'
import type { FastStep } from '../../chain/stage/fast-step.ts'
import type { DnsMetrics } from '../../metrics/dns-metrics.ts'
import { getFlags, MASK_RCODE } from '../../wire/header.ts'
import type { NameView } from '../../wire/name.ts'
import type { ZoneIndex } from '../../wire/zone-index.ts'

export interface FastCountsParts {
  readonly metrics: DnsMetrics
  /** Position in the labels by ListenerRef.index, -1 for listeners of other blocks. */
  readonly servers: readonly number[]
  /** Position of the query's zone among the zone labels. */
  readonly zoneOf: (name: NameView) => number
  readonly zoneCount: number
  /** Position of the plugin that is named as writer. */
  readonly writer: number
}

/** Positions among the zone labels. */
export const theOneZone = (): number => 0
export const longestOf =
  (zones: ZoneIndex) =>
  (name: NameView): number =>
    Math.max(0, zones.longest(name))

export class FastCounts implements FastStep {
  readonly #parts: FastCountsParts
  /** Answers of the batch by place (server * zoneCount + zone), and the places that have any. */
  readonly #answers: Int32Array
  readonly #places: Int32Array
  #placeCount = 0

  constructor(parts: FastCountsParts) {
    this.#parts = parts
    this.#answers = new Int32Array(
      Math.max(1, ...parts.servers.map(server => server + 1)) * parts.zoneCount,
    )
    this.#places = new Int32Array(this.#answers.length)
  }

  done(query: FastQuery): void {
    const { metrics, servers, zoneOf, zoneCount, writer } = this.#parts
    const server = servers[query.listener.index] ?? -1
    if (server < 0) return
    const zone = zoneOf(query.name)
    metrics.request(server, zone, false, query.family, query.qtype, query.do, query.length)
    metrics.reply(
      server,
      zone,
      false,
      getFlags(query.out, query.outAt) & MASK_RCODE,
      writer,
      query.plainLength,
    )
    const place = server * zoneCount + zone
    if (this.#answers[place]!++ === 0) this.#places[this.#placeCount++] = place
  }

  batchSent(elapsedMs: number): void {
    for (let k = 0; k < this.#placeCount; k++) {
      const place = this.#places[k]!
      this.#parts.metrics.durations(place, elapsedMs / 1000, this.#answers[place]!)
      this.#answers[place] = 0
    }
    this.#placeCount = 0
  }
}
