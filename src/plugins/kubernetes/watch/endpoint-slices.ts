// EndpointSlices, cut down at once to their ready endpoints and their ports: the same texts as
// objects.ts makes, for the sake of memory.

import { fromHex, toHex } from '../../../base/byte-text.ts'
import { parseIp } from '../../../base/ip.ts'
import type { KubeObject } from '../../../kube/kube-object.ts'
import type { EndpointGroup } from '../records/service-record.ts'
import { endpointLabel } from './endpoint-label.ts'
import { Faults, listPart, partOf, shown, textPart } from './json-parts.ts'
import { isLabelText, portParts, portTuples, type Trimmed } from './objects.ts'

export interface SliceOptions {
  /** Whether endpoints without a host name are called as their pods are. */
  readonly endpointPodNames: boolean
  /** Whether the slices are those of imported services. */
  readonly isImported: boolean
}

/** Address in hex, label, zone. */
type EndpointTuple = readonly [string, string, string]
/** Service, cluster, ports, endpoints. */
type SliceTuple = readonly [string, string, ReturnType<typeof portTuples>, readonly EndpointTuple[]]

const SERVICE_LABEL = 'kubernetes.io/service-name'
const IMPORT_LABEL = 'multicluster.kubernetes.io/service-name'
const CLUSTER_LABEL = 'multicluster.kubernetes.io/source-cluster'

export const trimSlice = (object: KubeObject, options: SliceOptions): Trimmed => {
  const labels = partOf(object.metadata, 'labels')
  const service = textPart(labels, options.isImported ? IMPORT_LABEL : SERVICE_LABEL).toLowerCase()
  const cluster = options.isImported ? textPart(labels, CLUSTER_LABEL).toLowerCase() : ''
  const addressType = partOf(object, 'addressType')
  if (service === '' || addressType === 'FQDN') return { text: undefined, reason: '' }
  if (!isLabelText(service)) return unusable(`service name ${shown(service)} is no label`)
  if (options.isImported && !isLabelText(cluster))
    return unusable(`source cluster ${shown(cluster)} is no label`)
  if (addressType !== 'IPv4' && addressType !== 'IPv6')
    return unusable(`address type ${shown(addressType)} is unknown`)
  const faults = new Faults()
  const endpoints: EndpointTuple[] = []
  for (const endpoint of listPart(object, 'endpoints'))
    addEndpoint(endpoints, endpoint, options, faults)
  const tuple: SliceTuple = [
    service,
    cluster,
    portTuples(listPart(object, 'ports'), faults),
    endpoints,
  ]
  return { text: JSON.stringify(tuple), reason: faults.reason }
}

/** Name of the service that a trimmed slice belongs to. */
export const serviceOfSlice = (text: string): string => {
  // The text begins with `["NAME",`, and a label that JSON would escape is rare enough to be
  // parsed.
  const end = text.indexOf('"', 2)
  const name = text.slice(2, end)
  return name.includes('\\') ? (JSON.parse(text) as SliceTuple)[0] : name
}

export const readSlice = (text: string): EndpointGroup => {
  const [, cluster, ports, endpoints] = JSON.parse(text) as SliceTuple
  return {
    ports: ports.map(portParts),
    endpoints: endpoints.map(([hex, label, zone]) => ({
      address: fromHex(hex),
      label,
      zone,
      cluster,
    })),
  }
}

const unusable = (reason: string): Trimmed => ({ text: undefined, reason })

const addEndpoint = (
  endpoints: EndpointTuple[],
  endpoint: unknown,
  options: SliceOptions,
  faults: Faults,
): void => {
  if (typeof endpoint !== 'object' || endpoint === null) {
    faults.add(`${shown(endpoint)} is no endpoint`)
    return
  }
  const ready = partOf(partOf(endpoint, 'conditions'), 'ready') ?? true
  if (ready !== true) return
  const podName = options.endpointPodNames ? textPart(partOf(endpoint, 'targetRef'), 'name') : ''
  const hostname = textPart(endpoint, 'hostname')
  const zone = textPart(endpoint, 'zone').toLowerCase()
  for (const written of listPart(endpoint, 'addresses')) {
    const address = typeof written === 'string' ? parseIp(written)?.bytes : undefined
    if (address === undefined) faults.add(`${shown(written)} is no address`)
    else endpoints.push([toHex(address), endpointLabel(hostname, podName, address, faults), zone])
  }
}
