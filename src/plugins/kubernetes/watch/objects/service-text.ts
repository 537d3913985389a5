// What is kept of a Service or a ServiceImport, from JSON or protobuf, and the rules for valid
// parts.

import { parseIp } from '../../../../base/ip.ts'
import type { ExternalHost } from '../../../../chain/offers/external-services.ts'
import { foldName, nameFromText } from '../../../../wire/name.ts'
import { readHosts, writeHosts } from '../../records/external-record.ts'
import {
  type PortParts,
  RecordWriter,
  readPorts,
  type ServiceKind,
} from '../../records/service-record.ts'
import { type Faults, shown } from './json-parts.ts'

export interface Trimmed {
  /** Undefined if DNS has no use for the object. */
  readonly text: string | undefined
  /** The faults of the object, for one log line. '' if there are none. */
  readonly reason: string
}

/** What DNS needs of a Service or a ServiceImport. */
export interface ServiceText {
  readonly kind: ServiceKind
  readonly addresses: readonly Uint8Array[]
  readonly ports: readonly PortParts[]
  readonly target: Uint8Array | undefined
  readonly hasSelector: boolean
  /** Where it is reachable from outside the cluster. */
  readonly hosts: readonly ExternalHost[]
}

/** The port that an object without ports has. */
export const NO_PORT: PortParts = { number: 0, name: '', protocol: '' }
export const NO_PORTS: readonly PortParts[] = [NO_PORT]
/** The parts of a service without addresses and ports. */
export const NO_PARTS = { addresses: [], ports: NO_PORTS, target: undefined, hosts: [] }

/**
 * The text of a service, a character for each byte. It has the kind, whether there is a selector,
 * addresses (16 bits, then each with its size), the target, hosts (16 bits, then each as in
 * external-record.ts), and ports to the end.
 */
export const trimmed = (parts: ServiceText, faults: Faults): Trimmed => {
  const { kind, addresses, ports, target, hasSelector, hosts } = parts
  const writer = new RecordWriter()
  writer.byte(kind)
  writer.byte(hasSelector ? 1 : 0)
  writer.u16(Math.min(addresses.length, MOST_LISTED))
  for (const address of addresses.slice(0, MOST_LISTED)) writer.address(address)
  if (target === undefined) writer.byte(0)
  else writer.bytes(target)
  writeHosts(writer, hosts.slice(0, MOST_LISTED))
  for (const port of ports) writer.port(port)
  return { text: writer.finishText(), reason: faults.reason }
}

const MOST_LISTED = 0xffff

export const readService = (text: string): ServiceText => {
  const bytes = Buffer.from(text, 'latin1')
  const addresses: Uint8Array[] = []
  let at = 4
  for (let left = bytes.readUInt16BE(2); left > 0; left--) {
    const end = at + 1 + bytes[at]!
    addresses.push(bytes.subarray(at + 1, end))
    at = end
  }
  const target = at
  while (bytes[at] !== 0) at += 1 + bytes[at]!
  at++
  const { hosts, end } = readHosts(bytes, at)
  return {
    kind: bytes[0] as ServiceKind,
    hasSelector: bytes[1] === 1,
    addresses,
    target: at === target + 1 ? undefined : bytes.subarray(target, at),
    hosts,
    ports: readPorts(bytes, end),
  }
}

export const isPortNumber = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 0xffff

export const isUnset = (value: unknown): boolean =>
  value === undefined || value === null || value === ''

/** An address that is not assigned yet is no fault. */
export const addressesOf = (written: readonly unknown[], faults: Faults): Uint8Array[] =>
  written.flatMap(text => {
    if (isUnset(text)) return []
    const address = typeof text === 'string' ? parseIp(text) : undefined
    if (address === undefined) faults.add(`${shown(text)} is no address`)
    return address === undefined ? [] : [address.bytes]
  })

export const asHost = (address: Uint8Array): ExternalHost => ({ address })

/** The host of an address, or else of a name. */
export const ingressHost = (ip: unknown, hostname: string, faults: Faults): ExternalHost[] => {
  if (!isUnset(ip)) return addressesOf([ip], faults).map(asHost)
  if (hostname === '') return []
  const wire = nameFromText(hostname)
  if (wire !== undefined && wire.length > 1) return [{ name: foldName(wire) }]
  faults.add(`host name ${shown(hostname)} is no name`)
  return []
}

/** An address is no target, but no fault: as in CoreDNS, such a service has no records. */
export const targetOf = (externalName: string, faults: Faults): Uint8Array | undefined => {
  if (parseIp(externalName) !== undefined) return undefined
  const wire = nameFromText(externalName)
  if (wire !== undefined && wire.length > 1) return foldName(wire)
  faults.add(`external name ${shown(externalName)} is no name`)
  return undefined
}
