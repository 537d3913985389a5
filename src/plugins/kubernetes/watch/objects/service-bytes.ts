// Services, pods and ports in protobuf. The results are those that objects.ts makes from JSON.

import type { ExternalHost } from '../../../../chain/offers/external-services.ts'
import type { ObjectBytes } from '../../../../kube/protobuf/object-bytes.ts'
import { numberTag, runTag, sharedTextOf, WireReader } from '../../../../kube/protobuf/wire.ts'
import {
  type PortParts,
  SERVICE_CLUSTER,
  SERVICE_EXTERNAL,
  SERVICE_HEADLESS,
} from '../../records/service-record.ts'
import { Faults, shown } from './json-parts.ts'
import {
  addressesOf,
  asHost,
  ingressHost,
  isPortNumber,
  NO_PARTS,
  NO_PORTS,
  type Trimmed,
  targetOf,
  trimmed,
} from './service-text.ts'

/** Fields of Service, its spec, its status, its load balancer, and the ingress of that. */
const SPEC = runTag(2)
const STATUS = runTag(3)
const PORTS = runTag(1)
const SELECTOR = runTag(2)
const CLUSTER_IP = runTag(3)
const TYPE = runTag(4)
const EXTERNAL_IPS = runTag(5)
const EXTERNAL_NAME = runTag(10)
const CLUSTER_IPS = runTag(18)
const LOAD_BALANCER = runTag(1)
const INGRESS = runTag(1)
const INGRESS_IP = runTag(1)
const INGRESS_HOSTNAME = runTag(2)
/** Of PodStatus. */
const POD_IP = runTag(6)

const message = new WireReader()
const spec = new WireReader()
const part = new WireReader()

/** Puts `reader` at the last field with that tag, or at an empty one if there is none. */
const openPart = (object: ObjectBytes, tag: number, reader: WireReader): WireReader => {
  reader.over(object.bytes, object.start, object.start)
  message.over(object.bytes, object.start, object.end)
  while (message.next()) if (message.tag === tag) reader.into(message)
  return reader
}

/** The address as written. '' if there is none. */
export const podAddressOf = (object: ObjectBytes): string => {
  let address = ''
  openPart(object, STATUS, part)
  while (part.next()) if (part.tag === POD_IP) address = part.text
  return address
}

export const trimServiceBytes = (object: ObjectBytes): Trimmed => {
  const faults = new Faults()
  const [externalIps, listed]: [string[], string[]] = [[], []]
  let [clusterIp, type, externalName, hasSelector] = ['', '', '', false]
  openPart(object, SPEC, spec)
  while (spec.next())
    switch (spec.tag) {
      case SELECTOR:
        hasSelector = true
        break
      case CLUSTER_IP:
        clusterIp = sharedTextOf(spec.bytes, spec.start, spec.end)
        break
      case TYPE:
        type = sharedTextOf(spec.bytes, spec.start, spec.end)
        break
      case EXTERNAL_IPS:
        externalIps.push(spec.text)
        break
      case EXTERNAL_NAME:
        externalName = spec.text
        break
      case CLUSTER_IPS:
        listed.push(sharedTextOf(spec.bytes, spec.start, spec.end))
    }
  const hosts = [...addressesOf(externalIps, faults).map(asHost), ...ingressHosts(object, faults)]
  if (type === 'ExternalName') {
    const target = targetOf(externalName, faults)
    return trimmed({ ...NO_PARTS, kind: SERVICE_EXTERNAL, target, hasSelector, hosts }, faults)
  }
  const written = listed.length > 0 ? listed : [clusterIp]
  const ports = portsOfSpec(object, faults)
  if (written[0] === 'None')
    return trimmed({ ...NO_PARTS, kind: SERVICE_HEADLESS, ports, hasSelector, hosts }, faults)
  const addresses = addressesOf(written, faults)
  const kind = SERVICE_CLUSTER
  return trimmed({ ...NO_PARTS, kind, addresses, ports, hasSelector, hosts }, faults)
}

const portsOfSpec = (object: ObjectBytes, faults: Faults): readonly PortParts[] => {
  const ports: PortParts[] = []
  let hasPorts = false
  openPart(object, SPEC, spec)
  while (spec.next()) {
    if (spec.tag !== PORTS) continue
    hasPorts = true
    const port = readPort(part.into(spec), faults)
    if (port !== undefined) ports.push(port)
  }
  return hasPorts ? ports : NO_PORTS
}

const ingressHosts = (object: ObjectBytes, faults: Faults): ExternalHost[] => {
  const hosts: ExternalHost[] = []
  const balancer = new WireReader()
  const status = openPart(object, STATUS, spec)
  while (status.next()) {
    if (status.tag !== LOAD_BALANCER) continue
    balancer.into(status)
    while (balancer.next()) {
      if (balancer.tag !== INGRESS) continue
      let [ip, hostname] = ['', '']
      part.into(balancer)
      while (part.next())
        if (part.tag === INGRESS_IP) ip = part.text
        else if (part.tag === INGRESS_HOSTNAME) hostname = part.text
      hosts.push(...ingressHost(ip, hostname, faults))
    }
  }
  return hosts
}

/** Fields of ServicePort and EndpointPort. */
const PORT_NAME = runTag(1)
const PORT_PROTOCOL = runTag(2)
const PORT_NUMBER = numberTag(3)

/** Reads the port whose message `port` is at. */
export const readPort = (port: WireReader, faults: Faults): PortParts | undefined => {
  let [name, protocol] = ['', '']
  let number: number | undefined
  while (port.next())
    switch (port.tag) {
      case PORT_NAME:
        name = sharedTextOf(port.bytes, port.start, port.end)
        break
      case PORT_PROTOCOL:
        protocol = sharedTextOf(port.bytes, port.start, port.end)
        break
      case PORT_NUMBER:
        number = port.number
    }
  if (number === undefined || isPortNumber(number))
    return {
      number: number ?? 0,
      name: name.toLowerCase(),
      protocol: (protocol || 'TCP').toLowerCase(),
    }
  faults.add(`port ${shown(number)} is not a number from 1 to 65535`)
  return undefined
}
