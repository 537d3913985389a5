// A service's record as the slow path reads it: in place, but results are copies. Layout:
// service-record.ts.

import { EndpointWalk, portsOffset, targetOffset } from './endpoint-walk.ts'
import {
  FLAG_READY,
  FLAG_V6_FIRST,
  type PortParts,
  RECORD_ADDRESSES,
  RECORD_FLAGS,
  RECORD_PORTS,
  RECORD_V4,
  RECORD_V6,
  SERVICE_CLUSTER,
  type ServiceKind,
} from './service-record.ts'

/** Reads a record in place. It is borrowed like every result of the reader (records/reader.ts). */
export class ServiceView {
  readonly #bytes: Uint8Array
  readonly #at: number
  readonly #length: number

  constructor(bytes: Uint8Array, at: number, length: number) {
    this.#bytes = bytes
    this.#at = at
    this.#length = length
  }

  get kind(): ServiceKind {
    return this.#bytes[this.#at] as ServiceKind
  }
  get hasReadyEndpoint(): boolean {
    return (this.#flags & FLAG_READY) !== 0
  }
  get #flags(): number {
    return this.#bytes[this.#at + RECORD_FLAGS] ?? 0
  }

  /** Addresses of both families. The family of the service's first address comes first. */
  get ownAddresses(): Uint8Array[] {
    const sizes = (this.#flags & FLAG_V6_FIRST) === 0 ? ([4, 16] as const) : ([16, 4] as const)
    return sizes.flatMap(size => [...this.addresses(size)])
  }

  /** Addresses of the service's own name, copied. */
  *addresses(size: 4 | 16): Generator<Uint8Array> {
    const v4 = this.#u16(this.#at + RECORD_V4)
    const start = this.#at + RECORD_ADDRESSES + (size === 4 ? 0 : v4 * 4)
    const count = size === 4 ? v4 : this.#u16(this.#at + RECORD_V6)
    for (let k = 0; k < count; k++) yield copyOf(this.#bytes, start + k * size, size)
  }

  /**
   * Whether the service's own name exists. It does if the service has a port. If it is headless, an
   * endpoint must serve a port.
   */
  get hasOwnName(): boolean {
    if (this.kind === SERVICE_CLUSTER) return this.#u16(this.#at + RECORD_PORTS) > 0
    return this.#u16(this.#at + RECORD_V4) + this.#u16(this.#at + RECORD_V6) > 0
  }

  /** Wire name of an ExternalName's target, copied; undefined if there is none. */
  get target(): Uint8Array | undefined {
    const start = targetOffset(this.#bytes, this.#at)
    const end = portsOffset(this.#bytes, this.#at)
    return end === start + 1 ? undefined : this.#bytes.slice(start, end)
  }

  *ports(): Generator<PortView> {
    yield* this.#portsFrom(portsOffset(this.#bytes, this.#at), this.#u16(this.#at + RECORD_PORTS))
  }

  /**
   * Every endpoint with the ports of its slice. It is the same object each time: read it before you
   * take the next.
   */
  *endpoints(): Generator<EndpointView> {
    const walk = new EndpointWalk()
    walk.start(this.#bytes, this.#at, this.#length)
    const view = new EndpointView(this.#bytes, walk, () => [
      ...this.#portsFrom(walk.portsAt, walk.portCount),
    ])
    while (walk.next()) yield view
  }

  #u16(at: number): number {
    return ((this.#bytes[at] ?? 0) << 8) | (this.#bytes[at + 1] ?? 0)
  }

  *#portsFrom(from: number, count: number): Generator<PortView> {
    let at = from
    for (let k = 0; k < count; k++) {
      const name = at + 2
      const protocol = name + 1 + (this.#bytes[name] ?? 0)
      yield {
        number: this.#u16(at),
        name: textAt(this.#bytes, name),
        protocol: textAt(this.#bytes, protocol),
      }
      at = protocol + 1 + (this.#bytes[protocol] ?? 0)
    }
  }
}

export type PortView = PortParts

export class EndpointView {
  readonly #bytes: Uint8Array
  readonly #walk: EndpointWalk
  readonly #readPorts: () => PortView[]

  constructor(bytes: Uint8Array, walk: EndpointWalk, readPorts: () => PortView[]) {
    this.#bytes = bytes
    this.#walk = walk
    this.#readPorts = readPorts
  }

  /** Offset of the ports, equal for all endpoints of a group. */
  get portsAt(): number {
    return this.#walk.portsAt
  }
  /** Number of endpoints in its slice, itself included. */
  get siblings(): number {
    const at = this.#walk.portsAt - 2
    return ((this.#bytes[at] ?? 0) << 8) | (this.#bytes[at + 1] ?? 0)
  }
  get family(): 4 | 6 {
    return this.#bytes[this.#walk.at] === 4 ? 4 : 6
  }
  /** The address, copied. */
  get address(): Uint8Array {
    return copyOf(this.#bytes, this.#walk.at + 1, this.#bytes[this.#walk.at] ?? 0)
  }
  /** Length byte and text, copied. */
  get label(): Uint8Array {
    const at = this.#labelAt
    return copyOf(this.#bytes, at, 1 + (this.#bytes[at] ?? 0))
  }
  get zone(): string {
    return textAt(this.#bytes, this.#behind(this.#labelAt))
  }
  get cluster(): string {
    return textAt(this.#bytes, this.#behind(this.#behind(this.#labelAt)))
  }
  get ports(): readonly PortView[] {
    return this.#readPorts()
  }

  /** Whether this is its label: length byte and lower-case text. */
  hasLabel(label: Uint8Array): boolean {
    const at = this.#labelAt
    for (let k = 0; k < label.length; k++) if (this.#bytes[at + k] !== label[k]) return false
    return true
  }

  get #labelAt(): number {
    return this.#walk.at + 1 + (this.#bytes[this.#walk.at] ?? 0)
  }
  #behind(at: number): number {
    return at + 1 + (this.#bytes[at] ?? 0)
  }
}

/**
 * Copies a short run of bytes. A loop is faster than `slice`, which allocates a buffer each time.
 */
const copyOf = (bytes: Uint8Array, from: number, length: number): Uint8Array => {
  const copy = new Uint8Array(length)
  for (let k = 0; k < length; k++) copy[k] = bytes[from + k] ?? 0
  return copy
}

const textAt = (bytes: Uint8Array, at: number): string =>
  Buffer.from(bytes.subarray(at + 1, at + 1 + (bytes[at] ?? 0))).toString('utf8')
