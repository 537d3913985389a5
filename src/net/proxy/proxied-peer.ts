// A client that a PROXY header has named. Its address becomes text when somebody asks for it.

import { type IpAddress, ipToText, isLoopback } from '../../base/ip.ts'
import type { Peer } from '../../chain/query/query.ts'
import type { SessionClient } from './sessions.ts'

export class ProxiedPeer implements Peer {
  readonly port: number
  readonly family: 4 | 6
  readonly isForeign: boolean
  readonly #bytes: Uint8Array
  #address: string | undefined

  /** What `client` has is copied. */
  constructor({ ip, port }: SessionClient, isSenderLocal: boolean) {
    this.#bytes = ip.bytes.slice()
    this.family = ip.family
    this.port = port
    this.isForeign = !isSenderLocal
  }

  get address(): string {
    this.#address ??= ipToText(this.#bytes)
    return this.#address
  }
}

/** Whether the room for clients of this machine is for it. */
export const isOfThisMachine = ({ address, isForeign }: Peer): boolean =>
  isForeign !== true && isLoopback(address)

export const isLoopbackIp = ({ bytes, family }: IpAddress): boolean =>
  family === 4
    ? bytes[0] === 127
    : bytes[15] === 1 && bytes.every((byte, k) => byte === 0 || k === 15)
