// Reduces objects of the API server at once to what DNS needs: a compact text for each. The text is
// kept while the object exists, and read when its record is made. If the text is equal, nothing has
// changed that DNS shows. Invalid parts of an object are dropped, and nothing throws.
// endpoint-slices.ts reads EndpointSlices. watched-objects.ts reads the names of objects.

import { parseIp } from '../../../../base/ip.ts'
import { toHex } from '../../../../base/text/byte-text.ts'
import type { ExternalHost } from '../../../../chain/offers/external-services.ts'
import type { KubeObject } from '../../../../kube/kube-object.ts'
import { ObjectBytes } from '../../../../kube/protobuf/object-bytes.ts'
import {
  type PortParts,
  SERVICE_CLUSTER,
  SERVICE_EXTERNAL,
  SERVICE_HEADLESS,
} from '../../records/service-record.ts'
import { Faults, listPart, partOf, shown, textPart } from './json-parts.ts'
import { podFacts } from './pod-facts.ts'
import { podAddressOf, trimServiceBytes } from './service-bytes.ts'
import {
  addressesOf,
  asHost,
  ingressHost,
  isPortNumber,
  isUnset,
  NO_PARTS,
  NO_PORTS,
  type Trimmed,
  targetOf,
  trimmed,
} from './service-text.ts'

const UNUSED: Trimmed = { text: undefined, reason: '' }

export const trimService = (object: KubeObject): Trimmed => {
  if (object instanceof ObjectBytes) return trimServiceBytes(object)
  const faults = new Faults()
  const spec = partOf(object, 'spec')
  const hasSelector = hasKeys(partOf(spec, 'selector'))
  const hosts = hostsOf(object, faults)
  if (textPart(spec, 'type') === 'ExternalName') {
    const target = targetOf(textPart(spec, 'externalName'), faults)
    return trimmed({ ...NO_PARTS, kind: SERVICE_EXTERNAL, target, hasSelector, hosts }, faults)
  }
  const listed = listPart(spec, 'clusterIPs')
  const written = listed.length > 0 ? listed : [partOf(spec, 'clusterIP')]
  const ports = portsOf(listPart(spec, 'ports'), faults)
  if (written[0] === 'None')
    return trimmed({ ...NO_PARTS, kind: SERVICE_HEADLESS, ports, hasSelector, hosts }, faults)
  const addresses = addressesOf(written, faults)
  const kind = SERVICE_CLUSTER
  return trimmed({ ...NO_PARTS, kind, addresses, ports, hasSelector, hosts }, faults)
}

/** A ServiceImport of multicluster.x-k8s.io/v1alpha1. */
export const trimImport = (object: KubeObject): Trimmed => {
  const faults = new Faults()
  const spec = partOf(object, 'spec')
  const ports = portsOf(listPart(spec, 'ports'), faults)
  const hasSelector = false
  if (partOf(spec, 'type') === 'Headless')
    return trimmed({ ...NO_PARTS, kind: SERVICE_HEADLESS, ports, hasSelector }, faults)
  const addresses = addressesOf(listPart(spec, 'ips'), faults)
  return trimmed({ ...NO_PARTS, kind: SERVICE_CLUSTER, addresses, ports, hasSelector }, faults)
}

/** The text is the name. */
export const trimNamespace = (object: KubeObject): Trimmed => ({
  text: textPart(object.metadata, 'name').toLowerCase(),
  reason: '',
})

/** The text is the pod's address in hex, followed by its facts if these are wanted. */
export const trimPod = (object: KubeObject, hasFacts = false): Trimmed => {
  const written =
    object instanceof ObjectBytes ? podAddressOf(object) : partOf(partOf(object, 'status'), 'podIP')
  if (isUnset(written)) return UNUSED
  const address = typeof written === 'string' ? parseIp(written) : undefined
  if (address === undefined) return { text: undefined, reason: `${shown(written)} is no address` }
  return { text: toHex(address.bytes) + (hasFacts ? podFacts(object) : ''), reason: '' }
}

/** Changes of a terminating pod are ignored. Its last data stay until it is deleted. */
export const isBeingDeleted = (object: KubeObject): boolean =>
  object instanceof ObjectBytes
    ? object.metadata.isLeaving
    : !isUnset(partOf(object.metadata, 'deletionTimestamp'))

/** The valid ports of a list. An empty list becomes the one port that means "no ports". */
export const portsOf = (ports: readonly unknown[], faults: Faults): readonly PortParts[] =>
  ports.length === 0 ? NO_PORTS : ports.flatMap(port => jsonPort(port, faults) ?? [])

const jsonPort = (port: unknown, faults: Faults): PortParts | undefined => {
  const isPort = typeof port === 'object' && port !== null
  const number = isPort ? (partOf(port, 'port') ?? undefined) : port
  const protocol = isUnset(partOf(port, 'protocol')) ? 'TCP' : textPart(port, 'protocol')
  // Only a missing number means all ports. A written 0 is invalid.
  if (isPort && (number === undefined || isPortNumber(number)))
    return {
      number: Number(number ?? 0),
      name: textPart(port, 'name').toLowerCase(),
      protocol: protocol.toLowerCase(),
    }
  faults.add(`port ${shown(number)} is not a number from 1 to 65535`)
  return undefined
}

/**
 * External addresses, then the ingress of the load balancer: the address of each, or else its name.
 */
const hostsOf = (object: KubeObject, faults: Faults): ExternalHost[] => {
  const balancer = partOf(partOf(object, 'status'), 'loadBalancer')
  return [
    ...addressesOf(listPart(partOf(object, 'spec'), 'externalIPs'), faults).map(asHost),
    ...listPart(balancer, 'ingress').flatMap(given =>
      ingressHost(partOf(given, 'ip'), textPart(given, 'hostname'), faults),
    ),
  ]
}

const hasKeys = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0
