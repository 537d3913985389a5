// Looks up a request in the records in shared memory, by CoreDNS's selection rules. All results are
// copies.

import { parseIp } from '../../../base/ip.ts'
import { keysOf } from '../../../records/keys.ts'
import { RecordKey, type RecordsReader } from '../../../records/reader.ts'
import type { KubernetesOptions } from '../options.ts'
import { type AddressOwner, decodeOwners, OWNER_CLUSTER } from '../records/address-record.ts'
import { findItem } from '../records/label-list.ts'
import {
  KIND_ADDRESS,
  KIND_IMPORT,
  KIND_NAMESPACE,
  KIND_POD,
  KIND_SERVICE,
  POD_LABELS,
} from '../records/record-keys.ts'
import { SERVICE_CLUSTER, SERVICE_EXTERNAL, SERVICE_HEADLESS } from '../records/service-record.ts'
import { type EndpointView, type PortView, ServiceView } from '../records/service-view.ts'
import { type Label, labelText, type Request, type ServiceRequest } from './request.ts'

/** An address with one of its ports. */
export interface Item {
  readonly address: Uint8Array
  /** NO_PORT if none is declared. */
  readonly port: number
  /** The name of the address, as labels left of the zone. */
  readonly owner: Uint8Array
}

/** An endpoint with one of its ports. */
export interface Endpoint {
  readonly address: Uint8Array
  readonly port: PortView
  readonly label: Label
}

type PortRequest = Pick<ServiceRequest, 'port' | 'protocol'>

/** What exists at a name. */
export interface Found {
  readonly items: readonly Item[]
  /** Wire name of an ExternalName's target. */
  readonly target: Uint8Array | undefined
}

/** An object without ports. It has no SRV records. */
export const NO_PORT = -1

const SVC = Buffer.from('\x03svc', 'latin1')
const POD = Buffer.from('\x03pod', 'latin1')

const NOTHING: Found = { items: [], target: undefined }
const NO_LABELS = new Uint8Array(0)

export class ClusterLookup {
  readonly #reader: RecordsReader
  readonly #options: KubernetesOptions
  readonly #key = new RecordKey()

  constructor(reader: RecordsReader, options: KubernetesOptions) {
    this.#reader = reader
    this.#options = options
  }

  /** What exists at the name. Undefined if there is no such name. */
  find(request: Request, isMulticluster: boolean): Found | undefined {
    if (request.kind === 'empty') return NOTHING
    if (request.kind === 'none' || !this.#isExposed(request.namespace)) return undefined
    if (request.kind === 'pod') return this.#findPod(request.namespace, request.pod)
    if (request.kind === 'namespace') {
      return request.branch === 'pod' && this.#options.pods === 'disabled' ? undefined : NOTHING
    }
    return isMulticluster ? this.#findImport(request) : this.#findService(request)
  }

  /**
   * The addresses of a service's own name, of one size and each once. They are those of `find`, but
   * found without a look at the endpoints. Undefined if only `find` can tell.
   */
  ownAddresses(request: Request, size: 4 | 16): Uint8Array[] | undefined {
    if (request.kind !== 'service' || !isPlain(request) || !this.#isExposed(request.namespace))
      return undefined
    const view = this.#view(KIND_SERVICE, request.service)
    if (
      view === undefined ||
      view.kind === SERVICE_EXTERNAL ||
      !view.hasOwnName ||
      this.#isIgnored(view)
    )
      return undefined
    return [...view.addresses(size)]
  }

  /**
   * Names of an address, left of the primary zone: that of its service, or else those of its
   * endpoints.
   */
  namesOf(address: Uint8Array): Uint8Array[] {
    const owners = this.#ownersOf(address).filter(({ service }) =>
      this.#isExposed(namespaceOf(service)),
    )
    const cluster = owners.find(({ kind }) => kind === OWNER_CLUSTER)
    if (cluster !== undefined) return [inSvc(cluster.service)]
    return owners.map(({ label, service }) => inSvc(label, service))
  }

  /**
   * For NS records: the addresses of the services whose endpoints have these addresses. Undefined
   * if there are no such endpoints.
   */
  servedBy(addresses: readonly Uint8Array[]): Item[] | undefined {
    return this.servicesOf(addresses)?.flatMap(service => {
      const view = this.#view(KIND_SERVICE, service)
      if (view === undefined || view.kind === SERVICE_EXTERNAL) return []
      if (view.kind !== SERVICE_CLUSTER) {
        // The view is one object for all endpoints, so a spread would give one endpoint many times.
        return Array.from(view.endpoints(), ({ address, label }) => ({
          address,
          port: NO_PORT,
          owner: inSvc(label, service),
        }))
      }
      return view.ownAddresses.map(address => ({ address, port: NO_PORT, owner: inSvc(service) }))
    })
  }

  /**
   * The services whose endpoints have these addresses, each as service and namespace label.
   * Undefined if there are no such endpoints.
   */
  servicesOf(addresses: readonly Uint8Array[]): Label[] | undefined {
    const owners = addresses
      .flatMap(address => this.#ownersOf(address))
      .filter(({ kind }) => kind !== OWNER_CLUSTER)
    return owners.length === 0 ? undefined : owners.map(({ service }) => service)
  }

  /** Addresses of the endpoints of a headless service. Undefined for any other service. */
  headlessAddresses(service: Label): Uint8Array[] | undefined {
    const view = this.#view(KIND_SERVICE, service)
    if (view?.kind !== SERVICE_HEADLESS) return undefined
    return Array.from(view.endpoints(), ({ address }) => address)
  }

  /**
   * Ready endpoints with every port that is asked for, and with the label if one is given. Without
   * a label only headless services have any. Undefined if there are none.
   */
  endpointsOf(
    service: Label,
    request: PortRequest,
    label: Label | undefined,
  ): Endpoint[] | undefined {
    const view = this.#view(KIND_SERVICE, service)
    if (view === undefined || (label === undefined && view.kind !== SERVICE_HEADLESS))
      return undefined
    const items: Endpoint[] = []
    for (const endpoint of view.endpoints()) {
      if (label !== undefined && !endpoint.hasLabel(label)) continue
      const { address, label: own } = endpoint
      for (const port of endpoint.ports)
        if (matchesPort(port, request)) items.push({ address, label: own, port })
    }
    return items.length === 0 ? undefined : items
  }

  /**
   * Keys of all services at this moment, sorted by name over all namespaces. `copyOf` tells which
   * of them have names.
   */
  services(isMulticluster: boolean): Label[] {
    return byName(keysOf(this.#reader, isMulticluster ? KIND_IMPORT : KIND_SERVICE))
  }

  /** All addresses that services and endpoints have at this moment. */
  addresses(): Iterable<Uint8Array> {
    return keysOf(this.#reader, KIND_ADDRESS)
  }

  /**
   * A service whose own name exists or is an alias. It is a copy, so it may be read over several
   * turns of the event loop.
   */
  copyOf(service: Label, isMulticluster: boolean): ServiceView | undefined {
    if (!this.#isExposed(namespaceOf(service))) return undefined
    const entry = this.#find(isMulticluster ? KIND_IMPORT : KIND_SERVICE, service)
    if (entry === 0) return undefined
    const { bytes } = this.#reader
    const at = this.#reader.valueAt(entry)
    const length = this.#reader.valueBytes(entry)
    const view = new ServiceView(bytes.slice(at, at + length), 0, length)
    if (view.kind === SERVICE_EXTERNAL) return isMulticluster ? undefined : view
    return view.hasOwnName && (isMulticluster || !this.#isIgnored(view)) ? view : undefined
  }

  #findService(request: ServiceRequest): Found | undefined {
    const view = this.#view(KIND_SERVICE, request.service)
    if (view === undefined) return undefined
    if (view.kind === SERVICE_EXTERNAL) {
      const { target } = view
      return isPlain(request) && target !== undefined ? { items: [], target } : undefined
    }
    if (request.zonal !== undefined) return this.#findInZone(view, request, request.zonal)
    if (view.kind === SERVICE_CLUSTER) {
      if (this.#isIgnored(view)) return undefined
      if (request.endpoint === undefined) return findByPort(view, request)
    }
    return foundIf(endpointItems(view, request, request.endpoint))
  }

  #isIgnored(view: ServiceView): boolean {
    return (
      this.#options.ignoreEmptyService && view.kind === SERVICE_CLUSTER && !view.hasReadyEndpoint
    )
  }

  /** Only headless services have zonal names. */
  #findInZone(
    view: ServiceView,
    request: ServiceRequest,
    { zone, isPinned }: NonNullable<ServiceRequest['zonal']>,
  ): Found | undefined {
    if (view.kind === SERVICE_CLUSTER) return undefined
    const near = endpointItems(view, request, undefined, endpoint => endpoint.zone === zone)
    if (near.length > 0 || isPinned) return { items: near, target: undefined }
    return foundIf(endpointItems(view, request, undefined))
  }

  #findImport(request: ServiceRequest): Found | undefined {
    const view = this.#view(KIND_IMPORT, request.service)
    if (view === undefined || view.kind === SERVICE_EXTERNAL || request.zonal !== undefined)
      return undefined
    if (request.endpoint !== undefined) {
      if (request.cluster === '') return undefined
      return foundIf(
        endpointItems(
          view,
          request,
          request.endpoint,
          ({ cluster }) => cluster === request.cluster,
        ),
      )
    }
    if (view.kind === SERVICE_CLUSTER) return findByPort(view, request)
    return foundIf(endpointItems(view, request, undefined))
  }

  #findPod(namespace: Label, pod: string): Found | undefined {
    if (this.#options.pods === 'disabled') return undefined
    const address = parseIp(
      isDashedV4(pod) ? pod.replaceAll('-', '.') : pod.replaceAll('-', ':'),
    )?.bytes
    if (address === undefined) return undefined
    if (this.#options.pods === 'verified' && !this.#hasPod(namespace, address)) return undefined
    // As in CoreDNS, the port of a pod's SRV record is 0.
    const owner = Buffer.concat([
      Uint8Array.of(pod.length),
      Buffer.from(pod, 'latin1'),
      namespace,
      POD,
    ])
    return { items: [{ address, port: 0, owner }], target: undefined }
  }

  #hasPod(namespace: Label, address: Uint8Array): boolean {
    const reader = this.#reader
    const entry = this.#find(KIND_POD, address)
    if (entry === 0) return false
    const at = reader.valueAt(entry)
    return findItem(reader.bytes, at, reader.valueBytes(entry), namespace, POD_LABELS) >= 0
  }

  #isExposed(namespace: Label): boolean {
    return this.#find(KIND_NAMESPACE, namespace) !== 0
  }

  #ownersOf(address: Uint8Array): AddressOwner[] {
    const entry = this.#find(KIND_ADDRESS, address)
    if (entry === 0) return []
    return decodeOwners(
      this.#reader.bytes,
      this.#reader.valueAt(entry),
      this.#reader.valueBytes(entry),
    )
  }

  #view(kind: number, service: Label): ServiceView | undefined {
    const entry = this.#find(kind, service)
    if (entry === 0) return undefined
    return new ServiceView(
      this.#reader.bytes,
      this.#reader.valueAt(entry),
      this.#reader.valueBytes(entry),
    )
  }

  #find(kind: number, first: Uint8Array, second: Uint8Array = NO_LABELS): number {
    const key = this.#key.set(first, 0, first.length)
    for (const byte of second) key.bytes[key.length++] = byte
    return this.#reader.find(kind, key)
  }
}

/** Whether the request is for the service itself. */
const isPlain = ({ endpoint, port, protocol, zonal }: ServiceRequest): boolean =>
  endpoint === undefined && port === '' && protocol === '' && zonal === undefined

export const inSvc = (...labels: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat([...labels, SVC])

export const portOf = ({ number }: PortView): number => (number === 0 ? NO_PORT : number)

const foundIf = (items: readonly Item[]): Found | undefined =>
  items.length === 0 ? undefined : { items, target: undefined }

/**
 * The cluster addresses, once for each port that is asked for. Undefined if there is no such port.
 */
const findByPort = (view: ServiceView, request: ServiceRequest): Found | undefined => {
  const ports = [...view.ports()].filter(port => matchesPort(port, request))
  if (ports.length === 0) return undefined
  const addresses = view.ownAddresses
  const owner = inSvc(request.service)
  const items = ports.flatMap(port =>
    addresses.map(address => ({ address, port: portOf(port), owner })),
  )
  return { items, target: undefined }
}

/**
 * Every ready endpoint with this label, with every port that is asked for. Without a label all
 * endpoints match.
 */
const endpointItems = (
  view: ServiceView,
  request: ServiceRequest,
  wanted: Label | undefined,
  isWanted: (endpoint: EndpointView) => boolean = () => true,
): Item[] => {
  const items: Item[] = []
  let ports: readonly PortView[] = []
  let portsAt = -1
  for (const endpoint of view.endpoints()) {
    if ((wanted !== undefined && !endpoint.hasLabel(wanted)) || !isWanted(endpoint)) continue
    if (endpoint.portsAt !== portsAt) {
      portsAt = endpoint.portsAt
      ports = endpoint.ports.filter(port => matchesPort(port, request))
    }
    if (ports.length === 0) continue
    const { address, label, cluster } = endpoint
    const owner = inSvc(label, clusterLabel(cluster), request.service)
    for (const port of ports) items.push({ address, port: portOf(port), owner })
  }
  return items
}

export const clusterLabel = (cluster: string): Uint8Array => {
  const bytes = Buffer.from(cluster)
  return bytes.length === 0 ? NO_LABELS : Uint8Array.of(bytes.length, ...bytes)
}

/**
 * Whether a port is one that is asked for. A port without a name matches only requests that name no
 * port.
 */
export const matchesPort = (port: PortView, { port: name, protocol }: PortRequest): boolean =>
  (name === '' || port.name === name) && (protocol === '' || port.protocol === protocol)

/**
 * Exactly three dashes, no two of them adjacent, are the dots of an IPv4 address. Other dashes are
 * colons.
 */
const isDashedV4 = (text: string): boolean => text.split('-').length === 4 && !text.includes('--')

/** Keys of services by name over all namespaces, each once. */
export const byName = (keys: Iterable<Label>): Label[] => {
  const sorted = Array.from(keys, key => {
    const name = labelText(key.subarray(0, 1 + key[0]!))
    // No label has a smaller byte.
    return { key, order: `${name}\0${labelText(namespaceOf(key))}` }
  }).sort((one, other) => (one.order < other.order ? -1 : 1))
  return sorted.flatMap(({ key, order }, at) => (order === sorted[at - 1]?.order ? [] : [key]))
}

const namespaceOf = (service: Label): Label => service.subarray((service[0] ?? 0) + 1)
