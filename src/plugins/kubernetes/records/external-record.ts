// Where a service is reached from outside the cluster, in the order of the object: its external
// addresses, then what its load balancer has been given.
//
//   hosts (16 bits), then each: a byte 4 or 16 and the address, or a byte 0 and a name in wire form
//   the service's ports up to the end, as service-record.ts has them

import type { ExternalHost } from '../../../chain/external-services.ts'
import { MAX_RECORDS, type PortParts, RecordWriter, readPorts } from './service-record.ts'

export interface ExternalParts {
  readonly hosts: readonly ExternalHost[]
  readonly ports: readonly PortParts[]
}

/** Of more than MAX_RECORDS hosts or ports the first count. */
export const encodeExternal = ({ hosts, ports }: ExternalParts): Uint8Array => {
  const writer = new RecordWriter()
  writer.u16(Math.min(hosts.length, MAX_RECORDS))
  for (const host of hosts.slice(0, MAX_RECORDS)) {
    const bytes = 'address' in host ? host.address : host.name
    writer.byte('address' in host ? bytes.length : 0)
    writer.bytes(bytes)
  }
  for (const port of ports.slice(0, MAX_RECORDS)) writer.port(port)
  return writer.finish()
}

/** Copies of what lies between `at` and `at + length`. */
export const decodeExternal = (bytes: Uint8Array, at: number, length: number): ExternalParts => {
  const record = bytes.slice(at, at + length)
  const hosts: ExternalHost[] = []
  let from = 2
  for (let left = (record[0]! << 8) | record[1]!; left > 0; left--) {
    const size = record[from++]!
    const end = size === 0 ? behindName(record, from) : from + size
    const host = record.slice(from, end)
    hosts.push(size === 0 ? { name: host } : { address: host })
    from = end
  }
  return { hosts, ports: readPorts(record, from) }
}

const behindName = (bytes: Uint8Array, at: number): number => {
  let end = at
  while (bytes[end] !== 0) end += bytes[end]! + 1
  return end + 1
}
