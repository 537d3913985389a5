// Which client addresses hold how much in one shard. Shares count only while the budget is tight:
// behind a proxy or SNAT all clients are one address, and it may then have nearly all.

import { clientKey } from '../../base/ip.ts'
import type { Peer } from '../../chain/query/query.ts'
import { type ByteBudget, STREAM } from '../../memory/byte-budget.ts'
import { CONNECTION_BYTES } from '../engine.ts'
import { isOfThisMachine } from '../proxy/proxied-peer.ts'

/** One client address; of IPv6 its /64, which is one customer's. */
export interface ClientShare {
  readonly key: string
  /** Of this machine: loopback. */
  readonly isLocal: boolean
  connections: number
  /** What its connections to this shard hold of the budget. */
  bytes: number
}

/** A client with one connection, whose first message has come as far as one read goes. */
const NEWCOMER_BYTES = CONNECTION_BYTES + 5 * 1024

/** What each connection may hold whatever its address holds: itself and an ordinary query. */
export const SMALL_BYTES = CONNECTION_BYTES + 8 * 1024

export class ClientShares {
  readonly #budget: ByteBudget
  /** Clients with connections, or with queries in flight of connections that are gone. */
  readonly #clients = new Map<string, ClientShare>()
  /** Of these, how many hold something. */
  #holders = 0

  constructor(budget: ByteBudget) {
    this.#budget = budget
  }

  /** One more connection of the client's. Each needs a `leave`. */
  join(peer: Peer): ClientShare {
    const isLocal = isOfThisMachine(peer)
    // A proxy elsewhere may name an address that is a client's of this machine, too.
    const key = `${clientKey(peer.address)}${isLocal ? ' local' : ''}`
    let client = this.#clients.get(key)
    if (client === undefined) {
      client = { key, isLocal, connections: 0, bytes: 0 }
      this.#clients.set(key, client)
    }
    client.connections++
    return client
  }

  leave(client: ClientShare): void {
    client.connections--
    this.#forget(client)
  }

  /** The client's connections hold so many bytes more, or less. */
  hold(client: ClientShare, bytes: number): void {
    const before = client.bytes
    client.bytes += bytes
    if (before === 0 && client.bytes > 0) this.#holders++
    if (before > 0 && client.bytes === 0) this.#holders--
    this.#forget(client)
  }

  #forget(client: ClientShare): void {
    if (client.connections === 0 && client.bytes === 0) this.#clients.delete(client.key)
  }

  /**
   * Whether a connection of the client's, which holds `held` bytes, may hold `more`
   * (memory/byte-budget.ts has the rule).
   */
  mayHoldMore(client: ClientShare, held: number, more: number): boolean {
    const { bytes, isLocal } = client
    const isNewcomer = bytes <= NEWCOMER_BYTES
    const holder = { bytes, holders: this.#holders, isLocal, isNewcomer }
    return this.#budget.mayHold(STREAM, more, holder, held < SMALL_BYTES)
  }
}
