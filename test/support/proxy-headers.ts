// PROXY headers for tests, as bytes.

import { parseIp } from '../../src/base/ip.ts'
import { type Numbers, numbersFrom } from './query-mix.ts'

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

const SOURCES = ['192.0.2.1', '192.0.2.2', '127.0.0.1', '2001:db8::1', '::1', '::ffff:192.0.2.3']

/** Headers of every kind with something behind them, the same in each run. */
export class HeaderMix {
  readonly #next: Numbers

  constructor(seed: number) {
    this.#next = numbersFrom(seed)
  }

  datagram(): Uint8Array {
    const next = this.#next
    const behind = Uint8Array.from({ length: next(40) }, () => next(256))
    const kind = next(100)
    if (kind < 10) return behind
    const whole = joined(this.#header(kind), behind)
    if (kind < 40) for (let flips = next(3); flips >= 0; flips--) this.#flip(whole)
    return kind < 50 ? whole.subarray(0, next(whole.length)) : whole
  }

  #header(kind: number): Uint8Array {
    const next = this.#next
    const addressed = {
      source: `${SOURCES[next(SOURCES.length)]}`,
      sourcePort: next(65_536),
      fields: Uint8Array.from({ length: next(9) }, () => next(256)),
    }
    if (kind > 80) return v2Header(addressed)
    return v2Header({
      ...addressed,
      command: next(3),
      family: next(5),
      protocol: next(4),
      ...(next(4) === 0 && { length: next(60) }),
    })
  }

  #flip(bytes: Uint8Array): void {
    const at = this.#next(Math.min(bytes.length, 32))
    bytes[at] = bytes[at]! ^ (1 << this.#next(8))
  }
}
