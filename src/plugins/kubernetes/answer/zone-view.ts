// Hot path. A zone as one query sees it, with the letters in the case of the query. As in CoreDNS,
// owners and targets in the answer have the same case. A transfer has lower case. Makes names and
// the SOA.

import type { RecordData } from '../../../chain/answer/answer.ts'
import { TYPE_SOA } from '../../../wire/rrtypes.ts'

const SOA_TTL_LIMIT_SECONDS = 300
const REFRESH_SECONDS = 7200
const RETRY_SECONDS = 1800
const EXPIRE_SECONDS = 86_400

const labels = (...texts: readonly string[]): Uint8Array =>
  Buffer.concat(
    texts.map(text => Buffer.concat([Uint8Array.of(text.length), Buffer.from(text, 'latin1')])),
  )

/** The target of NS records if the server does not know its own service. */
export const DEFAULT_NS = labels('ns', 'dns')
/** The labels left of the zone in the SOA's names. */
export const SOA_HOST = DEFAULT_NS
export const SOA_MAILBOX = labels('hostmaster')

export const soaTtlSeconds = (ttlSeconds: number): number =>
  Math.min(ttlSeconds, SOA_TTL_LIMIT_SECONDS)

/** The end of the SOA's rdata: serial, refresh, retry, expire, minimum. */
export const soaNumbers = (serial: number, ttlSeconds: number): Uint8Array => {
  const numbers = Buffer.alloc(20)
  for (const [k, value] of [
    serial,
    REFRESH_SECONDS,
    RETRY_SECONDS,
    EXPIRE_SECONDS,
    ttlSeconds,
  ].entries()) {
    numbers.writeUInt32BE(value >>> 0, k * 4)
  }
  return numbers
}

export class ZoneView {
  /** Wire name. */
  readonly name: Uint8Array
  readonly #ttlSeconds: number
  readonly #serial: number

  constructor(name: Uint8Array, ttlSeconds: number, serial: number) {
    this.name = name
    this.#ttlSeconds = ttlSeconds
    this.#serial = serial
  }

  /** The wire name of these labels in the zone. */
  below(relative: Uint8Array): Uint8Array {
    return Buffer.concat([relative, this.name])
  }

  get soa(): RecordData {
    return {
      owner: this.name,
      type: TYPE_SOA,
      ttlSeconds: soaTtlSeconds(this.#ttlSeconds),
      rdata: Buffer.concat([
        this.below(SOA_HOST),
        this.below(SOA_MAILBOX),
        soaNumbers(this.#serial, this.#ttlSeconds),
      ]),
    }
  }
}
