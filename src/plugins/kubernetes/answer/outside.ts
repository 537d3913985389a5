// The externally reachable services of the cluster, for plugins that serve them under external
// names. CoreDNS: plugin/kubernetes/external.go.

import type {
  ExternalItem,
  ExternalRequest,
  ExternalServices,
} from '../../../chain/offers/external-services.ts'
import { keysOf } from '../../../records/keys.ts'
import { RecordKey, type RecordsReader } from '../../../records/reader.ts'
import type { KubernetesOptions } from '../options.ts'
import { decodeExternal, type ExternalParts } from '../records/external-record.ts'
import { itemsOf } from '../records/label-list.ts'
import {
  isComplete,
  KIND_NAMESPACE,
  KIND_OUTSIDE,
  KIND_OUTSIDE_OWNER,
  KIND_SERVICE,
  NOTE_OUTSIDE_SERIAL,
  NOTE_SERIAL,
  OWNER_LABELS,
} from '../records/record-keys.ts'
import type { PortView } from '../records/service-view.ts'
import { byName, type ClusterLookup, matchesPort, portOf } from './lookup.ts'

export class Outside implements ExternalServices {
  readonly ttlSeconds: number
  readonly #lookup: ClusterLookup
  readonly #reader: RecordsReader
  readonly #ownAddresses: readonly Uint8Array[]
  readonly #key = new RecordKey()

  /** `ownAddresses` are those at which the server answers, except loopback ones. */
  constructor(
    { ttlSeconds }: KubernetesOptions,
    lookup: ClusterLookup,
    reader: RecordsReader,
    ownAddresses: readonly Uint8Array[],
  ) {
    this.ttlSeconds = ttlSeconds
    this.#lookup = lookup
    this.#reader = reader
    this.#ownAddresses = ownAddresses
  }

  get isComplete(): boolean {
    return isComplete(this.#reader)
  }
  serial(isHeadless: boolean): number {
    const outside = this.#reader.note(NOTE_OUTSIDE_SERIAL) >>> 0
    return isHeadless ? Math.max(outside, this.#reader.note(NOTE_SERIAL) >>> 0) : outside
  }

  find(request: ExternalRequest): readonly ExternalItem[] | undefined {
    const { namespace, service } = request
    if (!this.#isExposed(namespace)) return undefined
    if (service === undefined) return []
    const outside = this.#partsOf(service)
    if (outside === undefined)
      return request.isHeadless ? this.#endpoints(service, request) : undefined
    const ports = outside.ports.filter(port => matchesPort(port, request))
    if (ports.length === 0) return undefined
    return outside.hosts.flatMap(host =>
      ports.map(port => ({ host, owner: service, ...namedPort(port) })),
    )
  }

  list(isHeadless: boolean): readonly Uint8Array[] {
    const outside = keysOf(this.#reader, KIND_OUTSIDE)
    return byName(isHeadless ? [...outside, ...keysOf(this.#reader, KIND_SERVICE)] : outside)
  }

  ownersOf(address: Uint8Array): Uint8Array[] {
    const reader = this.#reader
    const entry = this.#find(KIND_OUTSIDE_OWNER, address)
    if (entry === 0) return []
    const at = reader.valueAt(entry)
    return itemsOf(reader.bytes, at, reader.valueBytes(entry), OWNER_LABELS).filter(service =>
      this.#isExposed(service.subarray(1 + service[0]!)),
    )
  }

  nameServers(isHeadless: boolean): readonly Uint8Array[] {
    const services = this.#lookup.servicesOf(this.#ownAddresses)
    if (services === undefined) return this.#ownAddresses
    return services.flatMap(service => {
      const endpoints = isHeadless ? this.#lookup.headlessAddresses(service) : undefined
      if (endpoints !== undefined) return endpoints
      const hosts = this.#partsOf(service)?.hosts ?? []
      return hosts.flatMap(host => ('address' in host ? [host.address] : []))
    })
  }

  #endpoints(service: Uint8Array, request: ExternalRequest): ExternalItem[] | undefined {
    const { endpoint } = request
    const items = this.#lookup.endpointsOf(service, request, endpoint)
    return items?.map(({ address, port, label }) => ({
      host: { address },
      owner: Buffer.concat([label, service]),
      ...namedPort(port),
    }))
  }

  #partsOf(service: Uint8Array): ExternalParts | undefined {
    const reader = this.#reader
    const entry = this.#find(KIND_OUTSIDE, service)
    if (entry === 0) return undefined
    return decodeExternal(reader.bytes, reader.valueAt(entry), reader.valueBytes(entry))
  }

  #isExposed(namespace: Uint8Array): boolean {
    return this.#find(KIND_NAMESPACE, namespace) !== 0
  }

  #find(kind: number, key: Uint8Array): number {
    return this.#reader.find(kind, this.#key.set(key, 0, key.length))
  }
}

const namedPort = (port: PortView) => ({
  port: portOf(port),
  portName: port.name,
  protocol: port.protocol,
})
