// k8s_external in a shard. Order of decisions and answers are CoreDNS's (plugin/k8s_external).

import { parseIp, reverseNameToIp } from '../../base/ip.ts'
import { answer, type RecordData } from '../../chain/answer/answer.ts'
import {
  EXTERNAL_SERVICES,
  type ExternalItem,
  type ExternalServices,
} from '../../chain/offers/external-services.ts'
import {
  TRANSFERABLE_ZONES,
  type TransferableZone,
  type TransferableZones,
} from '../../chain/offers/transferable-zones.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import { inZones } from '../../chain/query/asked.ts'
import type { Query } from '../../chain/query/query.ts'
import { after } from '../../chain/reply/after.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import type { Handler, Stage } from '../../chain/stage/handler.ts'
import { foldName, type NameView, nameFromText } from '../../wire/name.ts'
import { RCODE_NOERROR, RCODE_NXDOMAIN, RCODE_SERVFAIL } from '../../wire/rcodes.ts'
import { TYPE_A, TYPE_AAAA, TYPE_PTR, TYPE_SRV } from '../../wire/rrtypes.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import type { ExternalOptions } from './options.ts'
import { addressRecords, type Found, ptrRecords, srvRecords } from './records.ts'
import { readRequest } from './request.ts'
import { OfferedZone } from './transfer.ts'
import { ExternalZone, type ZoneParts } from './zone.ts'

export const serve = (options: ExternalOptions, scope: ServeScope): Stage => {
  const server = new ExternalServer(options, scope)
  scope.offer(TRANSFERABLE_ZONES, server)
  return {
    concerns: inZones(ZoneIndex.fromText(options.zones), scope.block),
    wrap: next => query => server.respond(query, next),
  }
}

class ExternalServer implements TransferableZones {
  readonly #options: ExternalOptions
  readonly #scope: ServeScope
  readonly #index: ZoneIndex
  readonly #zones: readonly Uint8Array[]
  readonly #apex: Uint8Array
  readonly #fall: ZoneIndex

  constructor(options: ExternalOptions, scope: ServeScope) {
    this.#options = options
    this.#scope = scope
    this.#zones = options.zones.map(wireOf)
    this.#index = new ZoneIndex(this.#zones)
    // Without the root.
    this.#apex = wireOf(options.apex).slice(0, -1)
    this.#fall = ZoneIndex.fromText(options.fallthrough)
  }

  zone(origin: NameView): TransferableZone | 'absent' | undefined {
    const zone = this.#zones[this.#index.longest(origin)]
    const [services] = this.#scope.offered(EXTERNAL_SERVICES)
    if (zone?.length !== origin.length || services === undefined) return undefined
    if (!services.isComplete) return 'absent'
    return new OfferedZone(this.#at(zone, services), this.#zones[0]!)
  }

  respond(query: Query, next: Handler): Reply | Promise<Reply> {
    const zone = this.#zones[this.#index.longest(query.name)]
    const [services] = this.#scope.offered(EXTERNAL_SERVICES)
    if (zone === undefined || services === undefined) return next(query)
    const at = new ExternalZone(this.#at(zone, services))
    const own = at.respond(query)
    if (own !== undefined) return own
    const items = this.#find(query, zone)
    if (items === undefined) return this.#noSuchName(query, at, next)
    return after(this.#records(query, zone, items), ({ answers, additionals, isTruncated }) =>
      answers.length === 0
        ? at.negative(query, RCODE_NOERROR)
        : answer(query, { aa: true, tc: isTruncated, answers, additionals }),
    )
  }

  #at(zone: Uint8Array, services: ExternalServices): ZoneParts {
    const { ttlSeconds, isHeadless } = this.#options
    return { zone, apex: this.#apex, ttlSeconds, services, isHeadless }
  }

  /** Undefined: there is no such name. */
  #find(query: Query, zone: Uint8Array): readonly ExternalItem[] | undefined {
    const { question } = query
    const services = this.#services
    const address =
      question.type === TYPE_PTR ? parseIp(reverseNameToIp(question.name) ?? '')?.bytes : undefined
    if (address !== undefined) {
      const owners = services.ownersOf(address)
      return owners.length === 0
        ? undefined
        : owners.map(owner => ({ host: { address }, port: 0, portName: '', protocol: '', owner }))
    }
    const request = readRequest(question.folded, zone.length, this.#options.isHeadless)
    return request && services.find(request)
  }

  get #services() {
    return this.#scope.offered(EXTERNAL_SERVICES)[0]!
  }

  #records(query: Query, zone: Uint8Array, items: readonly ExternalItem[]): Found | Promise<Found> {
    const { ttlSeconds } = this.#options
    const given = { query, zone, items, ttlSeconds, clusterTtlSeconds: this.#services.ttlSeconds }
    switch (query.question.type) {
      case TYPE_A:
      case TYPE_AAAA:
        return addressRecords(given, this.#scope.resolve)
      case TYPE_SRV:
        return srvRecords(given, this.#scope.resolve)
      case TYPE_PTR:
        return reverseNameToIp(query.question.name) === undefined
          ? NOTHING
          : ptrRecords(given, this.#zones[0]!)
      default:
        return NOTHING
    }
  }

  #noSuchName(query: Query, zone: ExternalZone, next: Handler): Reply | Promise<Reply> {
    // Whether it exists is not known before the cluster is.
    if (!this.#services.isComplete) return zone.negative(query, RCODE_SERVFAIL)
    return this.#fall.holds(query.name) ? next(query) : zone.negative(query, RCODE_NXDOMAIN)
  }
}

const NONE: readonly RecordData[] = []
const NOTHING: Found = { answers: NONE, additionals: NONE, isTruncated: false }

const wireOf = (name: string): Uint8Array => {
  const wire = nameFromText(name)
  if (wire === undefined) throw new Error(`${name} is not a valid domain name`)
  return foldName(wire)
}
