// What a header of the PROXY protocol says (HAProxy's specification, versions 1 and 2). v1.ts and
// v2.ts read it; each object is filled again and again, so that datagrams make no garbage.

import type { IpAddress } from '../../base/ip.ts'

/** Results of a reader in place of the header's length. None begins here. */
export const NO_HEADER = 0
/** It may become a header: bytes are missing. */
export const SHORT = -1
export const BAD = -2

/** An end of the proxied connection. */
export class ProxyEnd {
  readonly #v4: IpAddress = { bytes: new Uint8Array(4), family: 4 }
  readonly #v6: IpAddress = { bytes: new Uint8Array(16), family: 6 }
  /** Reused: one object for each family. */
  ip: IpAddress = this.#v4
  port = 0

  /** An IPv4-mapped address is taken as IPv4. */
  set(bytes: Uint8Array, at: number, size: 4 | 16, port: number): void {
    const isV4 = size === 4 || isMappedAt(bytes, at)
    const from = isV4 ? at + size - 4 : at
    this.ip = isV4 ? this.#v4 : this.#v6
    const to = this.ip.bytes
    for (let k = 0; k < to.length; k++) to[k] = bytes[from + k]!
    this.port = port
  }
}

export class ProxyHeader {
  /** It names no client: the sender asks for itself, or the addresses are of no use to us. */
  isLocal = true
  readonly source = new ProxyEnd()
  readonly destination = new ProxyEnd()
}

const isMappedAt = (bytes: Uint8Array, at: number): boolean => {
  for (let k = 0; k < 10; k++) if (bytes[at + k] !== 0) return false
  return bytes[at + 10] === 0xff && bytes[at + 11] === 0xff
}

/** Whether the bytes begin with these, as far as there are any. */
export const beginsWith = (
  bytes: Uint8Array,
  at: number,
  end: number,
  beginning: Uint8Array,
): boolean => {
  const known = Math.min(beginning.length, end - at)
  for (let k = 0; k < known; k++) if (bytes[at + k] !== beginning[k]) return false
  return true
}
