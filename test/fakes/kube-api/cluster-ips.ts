// Service addresses and node ports, given out in order and taken back, so that the same manifests
// get the same addresses.

import { BlockList, isIP } from 'node:net'

export type Family = 'IPv4' | 'IPv6'

export const familyOf = (address: string): Family => (address.includes(':') ? 'IPv6' : 'IPv4')

/** What stands below is left to manifests that name their address. */
const FIRST_FREE = 0x101
const COUNT = 0xfffff
const FIRST_NODE_PORT = 30_000
const LAST_NODE_PORT = 32_767

const ranges = new BlockList()
ranges.addSubnet('10.96.0.0', 12, 'ipv4')
ranges.addSubnet('fd00:10:96::', 112, 'ipv6')

export class ClusterIps {
  readonly #taken = new Set<string>()
  readonly #next: Record<Family, number> = { IPv4: FIRST_FREE, IPv6: FIRST_FREE }
  readonly #nodePorts = new Set<number>()

  /** Takes an address of 10.96.0.0/12 or fd00:10:96::/112. */
  allocate(family: Family): string {
    const limit = family === 'IPv4' ? COUNT : 0xffff
    for (let tries = 0; tries < limit; tries++) {
      const number = this.#next[family]
      this.#next[family] = number >= limit - 1 ? FIRST_FREE : number + 1
      const address = addressOf(family, number)
      if (!this.#taken.has(address)) {
        this.#taken.add(address)
        return address
      }
    }
    throw new Error(`no ${family} address of the service range is free`)
  }

  /** Takes this address, or says why it cannot be had. */
  claim(address: string): string | undefined {
    const version = isIP(address)
    if (version === 0) return 'must be a valid IP address'
    if (!ranges.check(address, version === 4 ? 'ipv4' : 'ipv6'))
      return 'the provided IP is not in the valid range'
    if (this.#taken.has(address)) return 'provided IP is already allocated'
    this.#taken.add(address)
    return undefined
  }

  release(addresses: readonly string[]): void {
    for (const address of addresses) this.#taken.delete(address)
  }

  allocateNodePort(): number {
    for (let port = FIRST_NODE_PORT; port <= LAST_NODE_PORT; port++) {
      if (this.#nodePorts.has(port)) continue
      this.#nodePorts.add(port)
      return port
    }
    throw new Error('no node port is free')
  }
}

const addressOf = (family: Family, number: number): string =>
  family === 'IPv4'
    ? `10.${96 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`
    : `fd00:10:96::${number.toString(16)}`
