// A service as shards find it: the RRsets of its own name ready to be copied, then what other names of it are made of. Numbers are big-endian;
// a text is a length byte and so many bytes in lower case (ports' names and protocols, labels, topology zones, cluster ids).
//
//   byte 0       kind: 1 with cluster addresses, 2 headless, 3 ExternalName
//        1       1 if there is a ready endpoint
//        2       A records of the service's own name (16 bits)
//        4       AAAA records (16 bits)
//        6       ports (16 bits)
//        8..     rdata of the A records, 4 bytes each, then of the AAAA records, 16 each
//        ..      target of an ExternalName: a name in wire form; a byte 0 (the root) if there is none
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
export const encodeService = (parts: ServiceParts): Uint8Array => {
  const { kind, groups, ports, target } = parts
  const own = kind === SERVICE_HEADLESS ? groups.flatMap(addressesOf) : parts.clusterAddresses
  const v4 = distinct(own, 4)
  const v6 = distinct(own, 16)
  const chunks: Uint8Array[] = [
    Uint8Array.of(kind, groups.some(({ endpoints }) => endpoints.length > 0) ? 1 : 0),
    ...[v4.length, v6.length, Math.min(ports.length, MAX_RECORDS)].map(u16),
    ...v4,
    ...v6,
    target ?? Uint8Array.of(0),
    ...ports.slice(0, MAX_RECORDS).map(encodePort),
  ]
  for (const group of groups) {
    const groupPorts = group.ports.slice(0, MAX_RECORDS)
    const endpoints = group.endpoints.slice(0, 0xffff)
    chunks.push(u16(groupPorts.length), u16(endpoints.length), ...groupPorts.map(encodePort))
    for (const { address, label, zone, cluster } of endpoints)
      chunks.push(Uint8Array.of(address.length), address, text(label), text(zone), text(cluster))
  }
  return Buffer.concat(chunks)
}

/** A slice whose ports are all unusable serves nothing. */
const addressesOf = ({ ports, endpoints }: EndpointGroup): Uint8Array[] =>
  ports.length === 0 ? [] : endpoints.map(({ address }) => address)

const distinct = (addresses: readonly Uint8Array[], size: number): Uint8Array[] => {
  const seen = new Map<string, Uint8Array>()
  for (const address of addresses) if (address.length === size) seen.set(Buffer.from(address).toString('latin1'), address)
  return [...seen.values()].slice(0, MAX_RECORDS)
}

const u16 = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value)

const text = (value: string): Uint8Array => {
  const bytes = Buffer.from(value.toLowerCase()).subarray(0, 255)
  return Uint8Array.of(bytes.length, ...bytes)
}

const encodePort = ({ number, name, protocol }: PortParts): Uint8Array => Buffer.concat([u16(number), text(name), text(protocol)])

/** Reads a record in place. Borrowed as the look-up is: see records/reader.ts. */
export class ServiceView {
  readonly #bytes: Uint8Array
  readonly #at: number
  readonly #end: number

  constructor(bytes: Uint8Array, at: number, length: number) {
    this.#bytes = bytes
    this.#at = at
    this.#end = at + length
  }

  get kind(): ServiceKind {
    return this.#bytes[this.#at] as ServiceKind
  }
  get hasReadyEndpoint(): boolean {
    return this.#bytes[this.#at + 1] === 1
  }

  /** Addresses of the service's own name, copied. */
  *addresses(size: 4 | 16): Generator<Uint8Array> {
    const v4 = this.#u16(this.#at + RECORD_V4)
    const start = this.#at + RECORD_ADDRESSES + (size === 4 ? 0 : v4 * 4)
    const count = size === 4 ? v4 : this.#u16(this.#at + RECORD_V6)
    for (let k = 0; k < count; k++) yield this.#bytes.slice(start + k * size, start + (k + 1) * size)
  }

  /** Wire name of an ExternalName's target, copied; undefined if there is none. */
  get target(): Uint8Array | undefined {
    const start = this.#targetAt
    const end = this.#portsAt
    return end === start + 1 ? undefined : this.#bytes.slice(start, end)
  }

  *ports(): Generator<PortView> {
    yield* this.#portsFrom(this.#portsAt, this.#u16(this.#at + RECORD_PORTS))
  }

  /** Every endpoint with the ports of its slice. The same object each time: take what is wanted before the next one. */
  *endpoints(): Generator<EndpointView> {
    const bytes = this.#bytes
    const view = new EndpointView(bytes, at => [...this.#portsFrom(at, this.#u16(at - 4))])
    for (let at = this.#behindPorts(this.#portsAt, this.#u16(this.#at + RECORD_PORTS)); at + 4 <= this.#end; ) {
      const endpoints = this.#u16(at + 2)
      view.portsAt = at + 4
      at = this.#behindPorts(at + 4, this.#u16(at))
      for (let k = 0; k < endpoints; k++) {
        view.at = at
        at += 1 + (bytes[at] ?? 0)
        for (let texts = 0; texts < 3; texts++) at += 1 + (bytes[at] ?? 0)
        yield view
      }
    }
  }

  #u16(at: number): number {
    return ((this.#bytes[at] ?? 0) << 8) | (this.#bytes[at + 1] ?? 0)
  }

  get #targetAt(): number {
    return this.#at + RECORD_ADDRESSES + this.#u16(this.#at + RECORD_V4) * 4 + this.#u16(this.#at + RECORD_V6) * 16
  }

  get #portsAt(): number {
    let at = this.#targetAt
    while (this.#bytes[at] !== 0 && at < this.#end) at += (this.#bytes[at] ?? 0) + 1
    return at + 1
  }

  #behindPorts(at: number, count: number): number {
    let end = at
    for (let k = 0; k < count; k++) {
      end += 2
      end += 1 + (this.#bytes[end] ?? 0)
      end += 1 + (this.#bytes[end] ?? 0)
    }
    return end
  }

  *#portsFrom(from: number, count: number): Generator<PortView> {
    let at = from
    for (let k = 0; k < count; k++) {
      const name = at + 2
      const protocol = name + 1 + (this.#bytes[name] ?? 0)
      yield { number: this.#u16(at), name: textAt(this.#bytes, name), protocol: textAt(this.#bytes, protocol) }
      at = protocol + 1 + (this.#bytes[protocol] ?? 0)
    }
  }
}

export type PortView = PortParts

export class EndpointView {
  /** Where the endpoint and the ports of its group begin: set by the service's view. */
  at = 0
  portsAt = 0
  readonly #bytes: Uint8Array
  readonly #readPorts: (at: number) => PortView[]

  constructor(bytes: Uint8Array, readPorts: (at: number) => PortView[]) {
    this.#bytes = bytes
    this.#readPorts = readPorts
  }

  get family(): 4 | 6 {
    return this.#bytes[this.at] === 4 ? 4 : 6
  }
  /** Copied. */
  get address(): Uint8Array {
    return this.#bytes.slice(this.at + 1, this.#labelAt)
  }
  /** Length byte and text, copied. */
  get label(): Uint8Array {
    const at = this.#labelAt
    return this.#bytes.slice(at, at + 1 + (this.#bytes[at] ?? 0))
  }
  get zone(): string {
    return textAt(this.#bytes, this.#behind(this.#labelAt))
  }
  get cluster(): string {
    return textAt(this.#bytes, this.#behind(this.#behind(this.#labelAt)))
  }
  get ports(): readonly PortView[] {
    return this.#readPorts(this.portsAt)
  }

  /** Whether its label is this one: length byte and lower-case text. */
  hasLabel(label: Uint8Array): boolean {
    const at = this.#labelAt
    for (let k = 0; k < label.length; k++) if (this.#bytes[at + k] !== label[k]) return false
    return true
  }

  get #labelAt(): number {
    return this.at + 1 + (this.#bytes[this.at] ?? 0)
  }
  #behind(at: number): number {
    return at + 1 + (this.#bytes[at] ?? 0)
  }
}

const textAt = (bytes: Uint8Array, at: number): string =>
  Buffer.from(bytes.subarray(at + 1, at + 1 + (bytes[at] ?? 0))).toString('utf8')
