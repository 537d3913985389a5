// The metadata of kubernetes, under `kubernetes/…` (CoreDNS: plugin/kubernetes/metadata.go): the
// parts of the query's name, and the pod that is its client.

import type { MetadataProvider, SetMetadata } from '../../../chain/offers/metadata.ts'
import { RecordKey, type RecordsReader } from '../../../records/reader.ts'
import type { KubernetesOptions } from '../options.ts'
import { decodePod } from '../records/pod-record.ts'
import { KIND_POD_FACTS } from '../records/record-keys.ts'
import { labelText, type Request, readRequest } from './request.ts'
import type { ServedZones } from './served-zones.ts'

/** The parts of a name. A missing part is ''. */
interface NameParts {
  readonly port: string
  readonly protocol: string
  readonly endpoint: string
  readonly cluster: string
  readonly zone: string
  readonly service: string
  readonly namespace: string
  readonly kind: string
}

const NO_PARTS: NameParts = {
  port: '',
  protocol: '',
  endpoint: '',
  cluster: '',
  zone: '',
  service: '',
  namespace: '',
  kind: '',
}

/** Undefined if the name does not follow the schema. */
const partsOf = (request: Request): NameParts | undefined => {
  switch (request.kind) {
    case 'none':
      return undefined
    case 'empty':
      return NO_PARTS
    case 'namespace':
      return { ...NO_PARTS, namespace: labelText(request.namespace), kind: request.branch }
    case 'pod':
      return {
        ...NO_PARTS,
        namespace: labelText(request.namespace),
        service: request.pod,
        kind: 'pod',
      }
    case 'service': {
      const { port, protocol, endpoint, cluster, zonal, namespace, service } = request
      return {
        port,
        protocol,
        cluster,
        endpoint: endpoint === undefined ? '' : labelText(endpoint),
        zone: zonal?.zone ?? '',
        // Its own label comes first, then the namespace's.
        service: labelText(service.subarray(0, 1 + (service[0] ?? 0))),
        namespace: labelText(namespace),
        kind: 'svc',
      }
    }
  }
}

export class NameMetadata {
  readonly #options: KubernetesOptions
  readonly #zones: ServedZones
  readonly #reader: RecordsReader
  readonly #key = new RecordKey()

  constructor(options: KubernetesOptions, zones: ServedZones, reader: RecordsReader) {
    this.#options = options
    this.#zones = zones
    this.#reader = reader
  }

  readonly provider: MetadataProvider = (query, set) => {
    this.#tellClient(query.address.bytes, set)
    const zone = this.#zones.find(query.name)
    if (zone === undefined) return
    const grammar = { isMulticluster: zone.isMulticluster, isZonal: this.#options.zonal }
    const parts = partsOf(readRequest(query.question.folded, zone.length, grammar))
    if (parts === undefined) {
      set('kubernetes/parse-error', () => 'invalid query name')
      return
    }
    set('kubernetes/port-name', () => parts.port)
    set('kubernetes/protocol', () => parts.protocol)
    set('kubernetes/endpoint', () => parts.endpoint)
    if (zone.isMulticluster) set('kubernetes/cluster', () => parts.cluster)
    if (this.#options.zonal) set('kubernetes/zone', () => parts.zone)
    set('kubernetes/service', () => parts.service)
    set('kubernetes/namespace', () => parts.namespace)
    set('kubernetes/kind', () => parts.kind)
  }

  /**
   * Finds the client's pod by its address. There is a record only if pods are watched, which only
   * main knows.
   */
  #tellClient(address: Uint8Array, set: SetMetadata): void {
    if (address.length === 0) return
    const entry = this.#reader.find(KIND_POD_FACTS, this.#key.set(address, 0, address.length))
    if (entry === 0) return
    const { bytes } = this.#reader
    const pod = decodePod(bytes, this.#reader.valueAt(entry), this.#reader.valueBytes(entry))
    set('kubernetes/client-namespace', () => pod.namespace)
    set('kubernetes/client-pod-name', () => pod.name)
    for (const [key, value] of pod.labels) set(`kubernetes/client-label/${key}`, () => value)
  }
}
