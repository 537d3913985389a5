// A service as shards find it: the RRsets of its own name ready to be copied, then what other names
// of it are made of. Numbers are big-endian; a text is a length byte and so many bytes in lower
// case (ports' names and protocols, labels, topology zones, cluster ids).
//
//   byte 0       kind: 1 with cluster addresses, 2 headless, 3 ExternalName
//        1       flags: 1 there is a ready endpoint, 2 the first address is an IPv6 one
//        2       A records of the service's own name (16 bits)
//        4       AAAA records (16 bits)
//        6       ports (16 bits)
//        8..     rdata of the A records, 4 bytes each, then of the AAAA records, 16 each
//        ..      target of an ExternalName: a name in wire form; a byte 0 (the root) without one
//        ..      ports: number (16 bits; 0: none declared), text name, text protocol
//        ..      endpoint groups up to the end, one for each EndpointSlice:
//                  ports (16 bits), endpoints (16 bits), the ports as above, then each endpoint:
//                  size of its address (4 or 16), the address, text label, text zone, text cluster

import { toHex } from '../../../base/text/byte-text.ts'

export const SERVICE_CLUSTER = 1
export const SERVICE_HEADLESS = 2
export const SERVICE_EXTERNAL = 3
export type ServiceKind = typeof SERVICE_CLUSTER | typeof SERVICE_HEADLESS | typeof SERVICE_EXTERNAL

/** A record has no more items of one kind, since no DNS message holds more. */
export const MAX_RECORDS = 4095
/** The offset of the flags, and the flags. */
export const RECORD_FLAGS = 1
export const FLAG_READY = 1
export const FLAG_V6_FIRST = 2
/** Offsets of the counts, and of the first address. */
export const RECORD_V4 = 2
export const RECORD_V6 = 4
export const RECORD_PORTS = 6
export const RECORD_ADDRESSES = 8

export interface PortParts {
  /** 1 to 65535. 0 if the object declares no ports. */
  readonly number: number
  /** '' for none. */
  readonly name: string
  readonly protocol: string
}

export interface EndpointParts {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array
  /** The endpoint's DNS label. */
  readonly label: string
  /** Topology zone, '' if unknown. */
  readonly zone: string
  /** Cluster id in multicluster zones, else ''. */
  readonly cluster: string
}

/** The ready endpoints of one slice. encodeGroup makes the form that a record has. */
export interface EndpointGroup {
  readonly ports: readonly PortParts[]
  readonly endpoints: readonly EndpointParts[]
}

export interface ServiceParts {
  readonly kind: ServiceKind
  /** Cluster addresses in the order of the object. Only of SERVICE_CLUSTER. */
  readonly clusterAddresses: readonly Uint8Array[]
  readonly ports: readonly PortParts[]
  /** As encodeGroup makes them. */
  readonly groups: readonly Uint8Array[]
  /** Wire name. Only of SERVICE_EXTERNAL. Undefined if the target is an address or no name. */
  readonly target: Uint8Array | undefined
}

/**
 * Cuts texts of more than 255 bytes. If there are more than MAX_RECORDS addresses, only the first
 * ones are kept.
 */
export const encodeService = ({
  kind,
  groups,
  ports,
  target,
  clusterAddresses,
}: ServiceParts): Uint8Array => {
  const own = kind === SERVICE_HEADLESS ? groups.flatMap(addressesOf) : clusterAddresses
  const v4 = distinct(own, 4)
  const v6 = distinct(own, 16)
  const writer = new RecordWriter()
  writer.byte(kind)
  const isReady = groups.some(group => endpointsIn(group) > 0)
  writer.byte((isReady ? FLAG_READY : 0) | (own[0]?.length === 16 ? FLAG_V6_FIRST : 0))
  writer.u16(v4.length)
  writer.u16(v6.length)
  writer.u16(Math.min(ports.length, MAX_RECORDS))
  for (const address of v4) writer.bytes(address)
  for (const address of v6) writer.bytes(address)
  if (target === undefined) writer.byte(0)
  else writer.bytes(target)
  for (const port of ports.slice(0, MAX_RECORDS)) writer.port(port)
  for (const group of groups) writer.bytes(group)
  return writer.finish()
}

/** Offsets in a group: of the counts, and of the ports. */
const GROUP_ENDPOINTS = 2
const GROUP_PORTS = 4

const u16At = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!

/** The number of endpoints in a group. */
export const endpointsIn = (group: Uint8Array): number => u16At(group, GROUP_ENDPOINTS)

/** At most MAX_RECORDS ports and 65,535 endpoints are kept, the first ones. */
export const encodeGroup = ({ ports, endpoints }: EndpointGroup): Uint8Array => {
  const writer = new RecordWriter()
  const counts = writer.beginGroup()
  for (const port of ports) if (writer.countsPort(counts)) writer.port(port)
  for (const { address, label, zone, cluster } of endpoints) {
    if (!writer.countsEndpoint(counts)) break
    writer.address(address)
    writer.text(label)
    writer.text(zone)
    writer.text(cluster)
  }
  return writer.finish()
}

/**
 * Shared by all writers, since only one record is written at a time. It grows to the size of the
 * largest record. Buffers for each record would be millions of garbage objects.
 */
let scratch = Buffer.alloc(4096)
const LONGEST_TEXT = 255
const DOT = 0x2e
const DASH = 0x2d
const LONGEST_PIECE = 1 + LONGEST_TEXT

/** Writes one record. No other record may be begun meanwhile. */
export class RecordWriter {
  #at = 0

  byte(value: number): void {
    this.#room(1)
    scratch[this.#at++] = value
  }

  u16(value: number): void {
    this.#room(2)
    this.#at = scratch.writeUInt16BE(value, this.#at)
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length)
    scratch.set(value, this.#at)
    this.#at += value.length
  }

  text(value: string): void {
    this.#room(LONGEST_PIECE)
    const length = scratch.write(value.toLowerCase(), this.#at + 1, LONGEST_TEXT)
    scratch[this.#at] = length
    this.#at += 1 + length
  }

  /** Writes the size of an address, then the address. */
  address(value: Uint8Array): void {
    this.byte(value.length)
    this.bytes(value)
  }

  /** Writes an IPv4 address, given as text, with dashes in place of its dots. */
  dashedRun(bytes: Uint8Array, start: number, end: number): void {
    this.#room(LONGEST_PIECE)
    scratch[this.#at++] = end - start
    for (let at = start; at < end; at++) scratch[this.#at++] = bytes[at] === DOT ? DASH : bytes[at]!
  }

  /** Writes these bytes as a text. */
  run(bytes: Buffer, start: number, end: number): void {
    this.#room(LONGEST_PIECE)
    const length = Math.min(end - start, LONGEST_TEXT)
    for (let k = 0; k < length; k++) {
      const byte = bytes[start + k]!
      if (byte >= 0x80) {
        this.text(bytes.toString('utf8', start, end))
        return
      }
      scratch[this.#at + 1 + k] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    }
    scratch[this.#at] = length
    this.#at += 1 + length
  }

  port({ number, name, protocol }: PortParts): void {
    this.u16(number)
    this.text(name)
    this.text(protocol)
  }

  /** Begins a group without ports and endpoints. Returns its offset, which the counts need. */
  beginGroup(): number {
    this.u16(0)
    this.u16(0)
    return this.#at - GROUP_PORTS
  }

  /** Counts a port before it is written. False if the group has no room for it. */
  countsPort(group: number): boolean {
    return this.#count(group, MAX_RECORDS)
  }

  /** The same for an endpoint. */
  countsEndpoint(group: number): boolean {
    return this.#count(group + GROUP_ENDPOINTS, 0xffff)
  }

  #count(at: number, most: number): boolean {
    const count = scratch.readUInt16BE(at)
    if (count < most) scratch.writeUInt16BE(count + 1, at)
    return count < most
  }

  /** The record, copied. */
  finish(): Uint8Array {
    return new Uint8Array(scratch.subarray(0, this.#at))
  }

  /** The record as text, a character for each byte. In this form many records take less memory. */
  finishText(): string {
    return scratch.toString('latin1', 0, this.#at)
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= scratch.length) return
    const grown = Buffer.alloc(Math.max(scratch.length * 2, this.#at + bytes))
    grown.set(scratch.subarray(0, this.#at))
    scratch = grown
  }
}

/** Ports from `at` to the end of the bytes, copied. */
export const readPorts = (bytes: Uint8Array, at: number): PortParts[] => {
  const ports: PortParts[] = []
  for (let from = at; from < bytes.length; ) {
    const name = from + 2
    const protocol = name + 1 + bytes[name]!
    from = protocol + 1 + bytes[protocol]!
    ports.push({
      number: (bytes[name - 2]! << 8) | bytes[name - 1]!,
      name: textOf(bytes, name),
      protocol: textOf(bytes, protocol),
    })
  }
  return ports
}

const textOf = (bytes: Uint8Array, at: number): string =>
  Buffer.from(bytes.subarray(at + 1, at + 1 + bytes[at]!)).toString('utf8')

/** The addresses of a group. None if all its ports are unusable: such a slice serves nothing. */
const addressesOf = (group: Uint8Array): Uint8Array[] => {
  const addresses: Uint8Array[] = []
  let at = GROUP_PORTS
  const ports = u16At(group, 0)
  if (ports === 0) return addresses
  for (let k = 0; k < ports; k++) at = behindTexts(group, at + 2, 2)
  for (let left = endpointsIn(group); left > 0; left--) {
    const size = group[at]!
    addresses.push(group.subarray(at + 1, at + 1 + size))
    at = behindTexts(group, at + 1 + size, 3)
  }
  return addresses
}

const behindTexts = (bytes: Uint8Array, at: number, count: number): number => {
  let end = at
  for (let k = 0; k < count; k++) end += 1 + bytes[end]!
  return end
}

/** The addresses of that size, each once. */
const distinct = (addresses: readonly Uint8Array[], size: number): readonly Uint8Array[] => {
  const sized = addresses.filter(({ length }) => length === size)
  if (sized.length < 2) return sized
  const seen = new Set<string | number>()
  const found: Uint8Array[] = []
  for (const address of sized) {
    const key = addressKey(address, 0, size)
    if (seen.has(key) || found.length === MAX_RECORDS) continue
    seen.add(key)
    found.push(address)
  }
  return found
}

/** A key that is equal for equal addresses. For IPv4 it is a number, since there are many. */
export const addressKey = (bytes: Uint8Array, at: number, size: number): string | number =>
  size === 4
    ? ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
    : toHex(bytes.subarray(at, at + size))
