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

export const SERVICE_CLUSTER = 1
export const SERVICE_HEADLESS = 2
export const SERVICE_EXTERNAL = 3
export type ServiceKind = typeof SERVICE_CLUSTER | typeof SERVICE_HEADLESS | typeof SERVICE_EXTERNAL

/** A record has no more of a kind: no DNS message does. */
export const MAX_RECORDS = 4095
/** Flags, and where they stand. */
export const RECORD_FLAGS = 1
export const FLAG_READY = 1
export const FLAG_V6_FIRST = 2
/** Offsets of the counts, and of the first address. */
export const RECORD_V4 = 2
export const RECORD_V6 = 4
export const RECORD_PORTS = 6
export const RECORD_ADDRESSES = 8

export interface PortParts {
  /** 1 to 65535; 0: the object declares no ports. */
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

/** Endpoints of one slice. All of them are ready. */
export interface EndpointGroup {
  readonly ports: readonly PortParts[]
  readonly endpoints: readonly EndpointParts[]
}

export interface ServiceParts {
  readonly kind: ServiceKind
  /** Cluster addresses in their order; of SERVICE_CLUSTER only. */
  readonly clusterAddresses: readonly Uint8Array[]
  readonly ports: readonly PortParts[]
  readonly groups: readonly EndpointGroup[]
  /** Wire name; of SERVICE_EXTERNAL only. Undefined: the target is an address or no name. */
  readonly target: Uint8Array | undefined
}

/** Texts of more than 255 bytes are cut; of more than MAX_RECORDS addresses the first count. */
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
  const isReady = groups.some(({ endpoints }) => endpoints.length > 0)
  writer.byte((isReady ? FLAG_READY : 0) | (own[0]?.length === 16 ? FLAG_V6_FIRST : 0))
  writer.u16(v4.length)
  writer.u16(v6.length)
  writer.u16(Math.min(ports.length, MAX_RECORDS))
  for (const address of v4) writer.bytes(address)
  for (const address of v6) writer.bytes(address)
  if (target === undefined) writer.byte(0)
  else writer.bytes(target)
  for (const port of ports.slice(0, MAX_RECORDS)) writer.port(port)
  for (const group of groups) writeGroup(writer, group)
  return writer.finish()
}

const writeGroup = (writer: RecordWriter, { ports, endpoints }: EndpointGroup): void => {
  const portCount = Math.min(ports.length, MAX_RECORDS)
  const endpointCount = Math.min(endpoints.length, 0xffff)
  writer.u16(portCount)
  writer.u16(endpointCount)
  for (const port of ports.slice(0, portCount)) writer.port(port)
  for (const { address, label, zone, cluster } of endpoints.slice(0, endpointCount)) {
    writer.byte(address.length)
    writer.bytes(address)
    writer.text(label)
    writer.text(zone)
    writer.text(cluster)
  }
}

/**
 * Of all writers, one at a time: a record is written in one go. Grows to the largest that there
 * was: pieces of their own would be garbage by the million.
 */
let scratch = Buffer.alloc(4096)
const LONGEST_PIECE = 256

/** Of one record, written in one go. */
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
    const length = scratch.write(value.toLowerCase(), this.#at + 1, 255)
    scratch[this.#at] = length
    this.#at += 1 + length
  }

  port({ number, name, protocol }: PortParts): void {
    this.u16(number)
    this.text(name)
    this.text(protocol)
  }

  /** A copy. */
  finish(): Uint8Array {
    return new Uint8Array(scratch.subarray(0, this.#at))
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

/** A slice whose ports are all unusable serves nothing. */
const addressesOf = ({ ports, endpoints }: EndpointGroup): Uint8Array[] =>
  ports.length === 0 ? [] : endpoints.map(({ address }) => address)

const distinct = (addresses: readonly Uint8Array[], size: number): Uint8Array[] => {
  const seen = new Map<string, Uint8Array>()
  for (const address of addresses)
    if (address.length === size) seen.set(Buffer.from(address).toString('latin1'), address)
  return [...seen.values()].slice(0, MAX_RECORDS)
}
