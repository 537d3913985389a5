// Hot path. Steps through the endpoints of a service's record, group by group: where each lies,
// without looking into it. Layout: service-record.ts.

import { RECORD_ADDRESSES, RECORD_PORTS, RECORD_V4, RECORD_V6 } from './service-record.ts'

/** Ports and endpoints of a group, 16 bits each. */
const GROUP_COUNTS = 4
/** Label, topology zone, cluster. */
const TEXTS = 3

const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!

/** Offset of an ExternalName's target in the record at `at`. */
export const targetOffset = (bytes: Uint8Array, at: number): number =>
  at + RECORD_ADDRESSES + u16(bytes, at + RECORD_V4) * 4 + u16(bytes, at + RECORD_V6) * 16

/** Offset of the service's own ports, which follow the target. */
export const portsOffset = (bytes: Uint8Array, at: number): number => {
  let end = targetOffset(bytes, at)
  while (bytes[end] !== 0) end += bytes[end]! + 1
  return end + 1
}

const behindPorts = (bytes: Uint8Array, at: number, count: number): number => {
  let end = at
  for (let k = 0; k < count; k++) {
    end += 2
    end += 1 + bytes[end]!
    end += 1 + bytes[end]!
  }
  return end
}

/** One object may walk any number of records. */
export class EndpointWalk {
  /** Offset of the endpoint: a byte with the size of its address, the address, its texts. */
  at = 0
  /** Offset and number of the ports of its group. */
  portsAt = 0
  portCount = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #end = 0
  #next = 0
  /** Endpoints of the group that have not been visited. */
  #left = 0

  /** Goes to the beginning of a record, before its first endpoint. */
  start(bytes: Uint8Array, record: number, length: number): void {
    this.#bytes = bytes
    this.#end = record + length
    this.#next = behindPorts(bytes, portsOffset(bytes, record), u16(bytes, record + RECORD_PORTS))
    this.#left = 0
  }

  /** Goes to the next endpoint. False after the last one. */
  next(): boolean {
    const bytes = this.#bytes
    while (this.#left === 0) {
      const group = this.#next
      if (group + GROUP_COUNTS > this.#end) return false
      this.portCount = u16(bytes, group)
      this.#left = u16(bytes, group + 2)
      this.portsAt = group + GROUP_COUNTS
      this.#next = behindPorts(bytes, this.portsAt, this.portCount)
    }
    this.#left--
    let at = this.#next
    this.at = at
    at += 1 + bytes[at]!
    for (let text = 0; text < TEXTS; text++) at += 1 + bytes[at]!
    this.#next = at
    return true
  }
}
