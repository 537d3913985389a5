// PROXY headers for tests, as bytes.

import { parseIp } from '../../src/base/ip.ts'

export const V2_SIGNATURE = '0d0a0d0a000d0a515549540a'

export interface V2Parts {
  readonly version?: number
  /** 0: LOCAL, 1: PROXY. */
  readonly command?: number
  readonly family?: number
  /** 1: stream, 2: datagram. */
  readonly protocol?: number
  readonly source?: string
  readonly sourcePort?: number
  readonly destination?: string
  readonly destinationPort?: number
  /** Behind the addresses. */
  readonly fields?: Uint8Array
  /** In place of the true length. */
  readonly length?: number
}

/** Of a datagram from 192.0.2.1, unless something else is said. */
export const v2Header = (parts: V2Parts = {}): Uint8Array => {
  const { version = 2, command = 1, protocol = 2, source = '192.0.2.1' } = parts
  const { destination = source.includes(':') ? '2001:db8::53' : '192.0.2.53' } = parts
  const { family = source.includes(':') ? 2 : 1, fields = new Uint8Array(0) } = parts
  const { sourcePort = 40_000, destinationPort = 53 } = parts
  const body = Buffer.concat([
    bytesOf(source),
    bytesOf(destination),
    Uint8Array.of(sourcePort >> 8, sourcePort & 255, destinationPort >> 8, destinationPort & 255),
    fields,
  ])
  const length = parts.length ?? body.length
  return Uint8Array.from([
    ...Uint8Array.fromHex(V2_SIGNATURE),
    (version << 4) | command,
    (family << 4) | protocol,
    length >> 8,
    length & 255,
    ...body,
  ])
}

/** IPv4-mapped addresses stay sixteen bytes. */
const bytesOf = (address: string): Uint8Array => {
  const { bytes } = parseIp(address) ?? { bytes: new Uint8Array(0) }
  if (bytes.length !== 4 || !address.includes(':')) return bytes
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...bytes)
}

export const v1Header = (line: string): Uint8Array => new Uint8Array(Buffer.from(`${line}\r\n`))

export const joined = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts))
