// Where a service is reached from outside the cluster, in the order of the object: its external
// addresses, then what its load balancer has been given.
//
//   hosts (16 bits), then each: a byte 4 or 16 and the address, or a byte 0 and a name in wire form
//   the service's ports up to the end, as service-record.ts has them

import type { ExternalHost } from '../../../chain/offers/external-services.ts'
import { MAX_RECORDS, type PortParts, RecordWriter, readPorts } from './service-record.ts'

export interface ExternalParts {
  readonly hosts: readonly ExternalHost[]
  readonly ports: readonly PortParts[]
}

/** If there are more than MAX_RECORDS hosts or ports, only the first ones are kept. */
export const encodeExternal = ({ hosts, ports }: ExternalParts): Uint8Array => {
  const writer = new RecordWriter()
  writeHosts(writer, hosts.slice(0, MAX_RECORDS))
  for (const port of ports.slice(0, MAX_RECORDS)) writer.port(port)
  return writer.finish()
}

/** Writes at most 65,535 hosts. */
export const writeHosts = (writer: RecordWriter, hosts: readonly ExternalHost[]): void => {
  writer.u16(hosts.length)
  for (const host of hosts)
    if ('address' in host) writer.address(host.address)
    else {
      writer.byte(0)
      writer.bytes(host.name)
    }
}

/** The hosts and ports in the bytes from `at` to `at + length`, copied. */
export const decodeExternal = (bytes: Uint8Array, at: number, length: number): ExternalParts => {
  const record = bytes.slice(at, at + length)
  const { hosts, end } = readHosts(record, 0)
  return { hosts, ports: readPorts(record, end) }
}

/** Reads the hosts whose number is at `at`, without copies. Returns where they end, too. */
export const readHosts = (
  bytes: Uint8Array,
  at: number,
): { readonly hosts: ExternalHost[]; readonly end: number } => {
  const hosts: ExternalHost[] = []
  let from = at + 2
  for (let left = (bytes[at]! << 8) | bytes[at + 1]!; left > 0; left--) {
    const size = bytes[from++]!
    const end = size === 0 ? behindName(bytes, from) : from + size
    const host = bytes.subarray(from, end)
    hosts.push(size === 0 ? { name: host } : { address: host })
    from = end
  }
  return { hosts, end: from }
}

const behindName = (bytes: Uint8Array, at: number): number => {
  let end = at
  while (bytes[end] !== 0) end += bytes[end]! + 1
  return end + 1
}
