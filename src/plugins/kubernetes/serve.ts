// kubernetes in a shard: finds the zone of a query and the records that answer it, and answers
// names that do not exist. No message to main, no wait: the records are in shared memory. Order of
// decisions and contents of answers are CoreDNS's (handler.go).

import { answer, type RecordData, unwritten } from '../../chain/answer/answer.ts'
import { EXTERNAL_SERVICES } from '../../chain/offers/external-services.ts'
import { METADATA } from '../../chain/offers/metadata.ts'
import { SEARCH_PATHS } from '../../chain/offers/search-paths.ts'
import { TRANSFERABLE_ZONES } from '../../chain/offers/transferable-zones.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Query } from '../../chain/query/query.ts'
import { after } from '../../chain/reply/after.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import type { Handler, Stage } from '../../chain/stage/handler.ts'
import { isReverseZone } from '../../corefile/words/zones.ts'
import type { RecordsReader } from '../../records/reader.ts'
import { makeOption, OPTION_EDE } from '../../wire/edns.ts'
import { RCODE_NXDOMAIN, RCODE_REFUSED, RCODE_SERVFAIL } from '../../wire/rcodes.ts'
import {
  TYPE_A,
  TYPE_AAAA,
  TYPE_AXFR,
  TYPE_CNAME,
  TYPE_IXFR,
  TYPE_NS,
  TYPE_PTR,
  TYPE_SOA,
  TYPE_SRV,
  TYPE_TXT,
} from '../../wire/rrtypes.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import { Aliases } from './answer/aliases.ts'
import { Answers, type Asked, type Records } from './answer/answers.ts'
import { FastRecords } from './answer/fast.ts'
import { ClusterLookup } from './answer/lookup.ts'
import { NameMetadata } from './answer/name-metadata.ts'
import { OfferedZones } from './answer/offered-zones.ts'
import { Outside } from './answer/outside.ts'
import { PodSearchPaths } from './answer/pod-search-paths.ts'
import { type ServedZone, ServedZones, wireOf } from './answer/served-zones.ts'
import { ZoneView } from './answer/zone-view.ts'
import type { KubernetesShared } from './control.ts'
import type { KubernetesOptions } from './options.ts'
import { isComplete, serialNote } from './records/record-keys.ts'

/** Extended DNS error "Not Ready" (RFC 8914 section 4.15) with its text. */
const EDE_NOT_READY = makeOption(
  OPTION_EDE,
  Buffer.concat([Uint8Array.of(0, 14), Buffer.from('kubernetes: not synced with the API server')]),
)

export const serve = (
  options: KubernetesOptions,
  scope: ServeScope,
  shared: KubernetesShared,
): Stage => {
  const reader = scope.records(shared.records)
  const zones = new ServedZones(options)
  scope.offer(SEARCH_PATHS, new PodSearchPaths(options, reader, shared.searchDomains))
  const lookup = new ClusterLookup(reader, options)
  scope.offer(EXTERNAL_SERVICES, new Outside(options, lookup, reader, shared.ownAddresses))
  scope.offer(METADATA, new NameMetadata(options, zones, reader).provider)
  const answers = new Answers({
    lookup,
    ttlSeconds: options.ttlSeconds,
    ownAddresses: shared.ownAddresses,
    primaryZone: wireOf(options.primaryZone),
  })
  scope.offer(TRANSFERABLE_ZONES, new OfferedZones({ options, zones, reader, lookup, answers }))
  const server = new ClusterServer(options, { zones, scope, reader, answers })
  return {
    concerns: zones.concerns.bind(zones),
    wrap: next => query => server.respond(query, next),
    fast: new FastRecords(options, reader, zones),
  }
}

interface ServerParts {
  readonly zones: ServedZones
  readonly scope: ServeScope
  readonly reader: RecordsReader
  readonly answers: Answers
}

class ClusterServer {
  readonly #options: KubernetesOptions
  readonly #reader: RecordsReader
  readonly #zones: ServedZones
  readonly #fall: ZoneIndex
  readonly #answers: Answers
  readonly #aliases: Aliases

  constructor(options: KubernetesOptions, { zones, scope, reader, answers }: ServerParts) {
    this.#options = options
    this.#reader = reader
    this.#zones = zones
    this.#fall = ZoneIndex.fromText(options.fallthrough ?? [])
    this.#answers = answers
    this.#aliases = new Aliases(this.#answers, scope.resolve)
  }

  respond(query: Query, next: Handler): Reply | Promise<Reply> {
    const { question } = query
    const zone = this.#zones.find(query.name)
    if (zone === undefined) return next(query)
    if (question.type === TYPE_AXFR || question.type === TYPE_IXFR)
      return unwritten(query, RCODE_REFUSED)
    const asked = this.#asked(query, zone)
    if (question.type !== TYPE_A && question.type !== TYPE_AAAA)
      return this.#answer(asked, this.#records(asked), false, next)
    return after(this.#aliases.addresses(asked), found =>
      this.#answer(asked, found, found?.isTruncated ?? false, next),
    )
  }

  #asked(query: Query, { length, isMulticluster }: ServedZone): Asked {
    const serial = this.#reader.note(serialNote(isMulticluster))
    const { wire } = query.question
    const name = wire.subarray(wire.length - length)
    return {
      query,
      zone: new ZoneView(name, this.#options.ttlSeconds, serial),
      zoneLength: length,
      grammar: { isMulticluster, isZonal: this.#options.zonal },
      isReverse: isReverseZone(query.question.name),
    }
  }

  /** Undefined: the name does not exist. */
  #records(asked: Asked): Records | undefined {
    const { question } = asked.query
    switch (question.type) {
      case TYPE_SRV:
        return this.#answers.srv(asked)
      case TYPE_PTR:
        return this.#answers.ptr(asked)
      case TYPE_TXT:
        return this.#answers.txt(asked)
      case TYPE_CNAME:
        return this.#answers.cname(asked)
      case TYPE_SOA:
        return { answers: isApex(asked) ? [asked.zone.soa] : [] }
      case TYPE_NS:
        // Exact bytes, as in CoreDNS: an apex in mixed case is asked like any other name.
        return isApex(asked) && isLowerCase(asked.query)
          ? this.#answers.ns(asked.zone)
          : this.#answers.other(asked)
      default:
        return this.#answers.other(asked)
    }
  }

  #answer(
    asked: Asked,
    records: Records | undefined,
    isTruncated: boolean,
    next: Handler,
  ): Reply | Promise<Reply> {
    const { query, zone } = asked
    if (records === undefined) return this.#noSuchName(asked, next)
    const { answers, additionals } = records
    if (answers.length === 0) return answer(query, { aa: true, authorities: [zone.soa] })
    return answer(query, { aa: true, tc: isTruncated, answers, additionals: additionals ?? NONE })
  }

  /** Hidden names and absent ones are told apart by nothing. */
  #noSuchName({ query, zone }: Asked, next: Handler): Reply | Promise<Reply> {
    const authorities = [zone.soa]
    // Before the first sync it is not known whether the name exists. An answer of another plugin
    // would stay in the caches of clients.
    if (isComplete(this.#reader)) {
      if (this.#fall.holds(query.name)) return next(query)
      return answer(query, { aa: true, rcode: RCODE_NXDOMAIN, authorities })
    }
    const { edns } = query
    const opt = edns && {
      opt: { udpSize: edns.udpSize, flags: edns.flags, options: EDE_NOT_READY },
    }
    return answer(query, { aa: true, rcode: RCODE_SERVFAIL, authorities, ...opt })
  }
}

const NONE: readonly RecordData[] = []

const isApex = ({ query, zoneLength }: Asked): boolean =>
  query.question.folded.length === zoneLength

const isLowerCase = ({ question: { wire, folded } }: Query): boolean =>
  wire.every((byte, k) => byte === folded[k])
