// Objects of the API server, cut down at once to what DNS needs: a compact text for each, which is
// kept for as long as the object lives and read again when its record is made. If the text is
// equal, nothing that DNS shows has changed. Invalid parts of an object are dropped, and nothing
// throws. EndpointSlices are endpoint-slices.ts's; names of objects are watched-objects.ts's.

import { fromHex, toHex } from '../../../base/byte-text.ts'
import { parseIp } from '../../../base/ip.ts'
import type { ExternalHost } from '../../../chain/external-services.ts'
import type { KubeObject } from '../../../kube/kube-object.ts'
import { foldName, nameFromText } from '../../../wire/name.ts'
import { labelBytes } from '../records/record-keys.ts'
import {
  type PortParts,
  SERVICE_CLUSTER,
  SERVICE_EXTERNAL,
  SERVICE_HEADLESS,
  type ServiceKind,
} from '../records/service-record.ts'
import { Faults, listPart, partOf, shown, textPart } from './json-parts.ts'
import { podFacts } from './pod-facts.ts'

export interface Trimmed {
  /** Undefined: DNS has no use for the object. */
  readonly text: string | undefined
  /** What is wrong with it, for one log line; '' for nothing. */
  readonly reason: string
}

/** What DNS needs of a Service or a ServiceImport. */
export interface ServiceText {
  readonly kind: ServiceKind
  readonly addresses: readonly Uint8Array[]
  readonly ports: readonly PortParts[]
  readonly target: Uint8Array | undefined
  readonly hasSelector: boolean
  /** Where it is reached from outside the cluster. */
  readonly hosts: readonly ExternalHost[]
}

/** Number, name, protocol. */
type PortTuple = readonly [number, string, string]
/**
 * Kind, addresses in hex, ports, target in hex ('': none), whether there is a selector; hosts, if
 * there are any: addresses in hex, names in hex behind a blank.
 */
type ServiceTuple = readonly [
  ServiceKind,
  readonly string[],
  readonly PortTuple[],
  string,
  boolean,
  (readonly string[])?,
]

const UNUSED: Trimmed = { text: undefined, reason: '' }
const NO_PORTS: readonly PortTuple[] = [[0, '', '']]

export const trimService = (object: KubeObject): Trimmed => {
  const faults = new Faults()
  const spec = partOf(object, 'spec')
  const hasSelector = hasKeys(partOf(spec, 'selector'))
  const found = hostTexts(object, faults)
  const hosts: [] | [string[]] = found.length === 0 ? [] : [found]
  if (textPart(spec, 'type') === 'ExternalName') {
    const target = trimTarget(textPart(spec, 'externalName'), faults)
    return trimmed([SERVICE_EXTERNAL, [], NO_PORTS, target, hasSelector, ...hosts], faults)
  }
  const listed = listPart(spec, 'clusterIPs')
  const written = listed.length > 0 ? listed : [partOf(spec, 'clusterIP')]
  const ports = portTuples(listPart(spec, 'ports'), faults)
  if (written[0] === 'None')
    return trimmed([SERVICE_HEADLESS, [], ports, '', hasSelector, ...hosts], faults)
  const addresses = addressTexts(written, faults)
  return trimmed([SERVICE_CLUSTER, addresses, ports, '', hasSelector, ...hosts], faults)
}

/** A ServiceImport of multicluster.x-k8s.io/v1alpha1. */
export const trimImport = (object: KubeObject): Trimmed => {
  const faults = new Faults()
  const spec = partOf(object, 'spec')
  const ports = portTuples(listPart(spec, 'ports'), faults)
  if (partOf(spec, 'type') === 'Headless')
    return trimmed([SERVICE_HEADLESS, [], ports, '', false], faults)
  return trimmed(
    [SERVICE_CLUSTER, addressTexts(listPart(spec, 'ips'), faults), ports, '', false],
    faults,
  )
}

/** The text is the name. */
export const trimNamespace = (object: KubeObject): Trimmed => ({
  text: textPart(object.metadata, 'name').toLowerCase(),
  reason: '',
})

/** The text is the pod's address in hex, and behind it its facts if these are wanted. */
export const trimPod = (object: KubeObject, hasFacts = false): Trimmed => {
  const written = partOf(partOf(object, 'status'), 'podIP')
  if (isUnset(written)) return UNUSED
  const address = typeof written === 'string' ? parseIp(written) : undefined
  if (address === undefined) return { text: undefined, reason: `${shown(written)} is no address` }
  return { text: toHex(address.bytes) + (hasFacts ? podFacts(object) : ''), reason: '' }
}

/** A terminating pod is not read again: its last data stays until it is deleted. */
export const isBeingDeleted = (object: KubeObject): boolean =>
  !isUnset(partOf(object.metadata, 'deletionTimestamp'))

export const readService = (text: string): ServiceText => {
  const [kind, addresses, ports, target, hasSelector, hosts = []] = JSON.parse(text) as ServiceTuple
  return {
    kind,
    addresses: addresses.map(hex => fromHex(hex)),
    ports: ports.map(portParts),
    target: target === '' ? undefined : fromHex(target),
    hasSelector,
    hosts: hosts.map(host =>
      host.startsWith(NAMED)
        ? { name: fromHex(host.slice(NAMED.length)) }
        : { address: fromHex(host) },
    ),
  }
}

/** What is right of a list of ports, maybe nothing; of an empty list the one port that means so. */
export const portTuples = (ports: readonly unknown[], faults: Faults): readonly PortTuple[] =>
  ports.length === 0 ? NO_PORTS : ports.flatMap(port => portTuple(port, faults))

export const portParts = ([number, name, protocol]: PortTuple): PortParts => ({
  number,
  name,
  protocol,
})

const portTuple = (port: unknown, faults: Faults): PortTuple[] => {
  const number = partOf(port, 'port') ?? undefined
  // Only a number that is not there stands for all ports: a written 0 is no port.
  const isUsable =
    number === undefined ? typeof port === 'object' && port !== null : isPortNumber(number)
  if (!isUsable) {
    faults.add(`port ${shown(number ?? port)} is not a number from 1 to 65535`)
    return []
  }
  const protocol = isUnset(partOf(port, 'protocol')) ? 'TCP' : textPart(port, 'protocol')
  return [[Number(number ?? 0), textPart(port, 'name').toLowerCase(), protocol.toLowerCase()]]
}

const isPortNumber = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 0xffff

/** Of an address that has not been given yet nothing is said. */
const addressTexts = (written: readonly unknown[], faults: Faults): string[] =>
  written.flatMap(text => {
    if (isUnset(text)) return []
    const address = typeof text === 'string' ? parseIp(text) : undefined
    if (address === undefined) faults.add(`${shown(text)} is no address`)
    return address === undefined ? [] : [toHex(address.bytes)]
  })

/** What marks a name among hosts. */
const NAMED = ' '

/**
 * External addresses, then what the load balancer has been given: of each an address, or else a
 * name.
 */
const hostTexts = (object: KubeObject, faults: Faults): string[] => {
  const balancer = partOf(partOf(object, 'status'), 'loadBalancer')
  return [
    ...addressTexts(listPart(partOf(object, 'spec'), 'externalIPs'), faults),
    ...listPart(balancer, 'ingress').flatMap(given => {
      const ip = partOf(given, 'ip')
      return isUnset(ip)
        ? hostName(textPart(given, 'hostname'), faults)
        : addressTexts([ip], faults)
    }),
  ]
}

const hostName = (text: string, faults: Faults): string[] => {
  if (text === '') return []
  const wire = nameFromText(text)
  if (wire !== undefined && wire.length > 1) return [NAMED + toHex(foldName(wire))]
  faults.add(`host name ${shown(text)} is no name`)
  return []
}

/** An address is no target, and no fault: CoreDNS has no records for such a service either. */
const trimTarget = (externalName: string, faults: Faults): string => {
  if (parseIp(externalName) !== undefined) return ''
  const wire = nameFromText(externalName)
  if (wire !== undefined && wire.length > 1) return toHex(foldName(wire))
  faults.add(`external name ${shown(externalName)} is no name`)
  return ''
}

const trimmed = (tuple: ServiceTuple, faults: Faults): Trimmed => ({
  text: JSON.stringify(tuple),
  reason: faults.reason,
})

const hasKeys = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0

const isUnset = (value: unknown): boolean => value === undefined || value === null || value === ''

/** Whether a text can be a label of a name. A slash would make two objects' ids one. */
export const isLabelText = (text: string): boolean =>
  labelBytes(text) !== undefined && !text.includes('/')
