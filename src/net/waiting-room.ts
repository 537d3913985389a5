// Queries over UDP that wait, mostly for an upstream: how much of the budget they hold, and how
// much each client holds in this shard. The sender of a datagram can be forged, so what is known of
// clients is of a fixed size.

import { clientKey } from '../base/ip.ts'
import type { Peer, Waiting } from '../chain/query/query.ts'
import { type ByteBudget, DATAGRAM } from '../memory/byte-budget.ts'
import type { HashSeed } from '../memory/keyed-hash.ts'
import { ClientSketch } from './client-sketch.ts'
import { underWayBytes } from './engine.ts'
import { isOfThisMachine } from './proxy/proxied-peer.ts'

export class WaitingRoom {
  readonly #budget: ByteBudget
  readonly #clients: ClientSketch
  readonly #refused: () => void
  /** The client that was turned to last: often the next one, too. */
  #address = ''

  /** `refused` is called for each query that finds no room. */
  constructor(budget: ByteBudget, seed: HashSeed, refused: () => void) {
    this.#budget = budget
    this.#clients = new ClientSketch(seed)
    this.#refused = refused
  }

  /** For one query of so many bytes over UDP: holds nothing until it has to wait. */
  admit(client: Peer, length: number): Waiting {
    return new WaitingQuery(this, client, underWayBytes(length, 'udp'))
  }

  tryEnter(client: Peer, bytes: number): boolean {
    const clients = this.#turnTo(client)
    const isLocal = isOfThisMachine(client)
    const { held, holders } = clients
    const holder = { bytes: held, holders, isLocal, isNewcomer: held === 0 }
    const budget = this.#budget
    if (
      !budget.mayHold(DATAGRAM, bytes, holder, false) ||
      !budget.tryTake(DATAGRAM, bytes, isLocal)
    ) {
      this.#refused()
      return false
    }
    clients.add(bytes)
    return true
  }

  /** Whatever room there is. */
  enter(client: Peer, bytes: number): void {
    this.#budget.take(DATAGRAM, bytes)
    this.#turnTo(client).add(bytes)
  }

  leave(client: Peer, bytes: number): void {
    this.#budget.give(DATAGRAM, bytes)
    this.#turnTo(client).add(-bytes)
  }

  #turnTo({ address, family }: Peer): ClientSketch {
    if (address !== this.#address) {
      this.#address = address
      this.#clients.turnTo(family === 4 ? address : clientKey(address))
    }
    return this.#clients
  }
}

class WaitingQuery implements Waiting {
  readonly #room: WaitingRoom
  readonly #client: Peer
  readonly #bytes: number
  #isWaiting = false
  #isAnswered = false

  constructor(room: WaitingRoom, client: Peer, bytes: number) {
    this.#room = room
    this.#client = client
    this.#bytes = bytes
  }

  tryWait(): boolean {
    // What is done in its name after its answer (a prefetch) holds nothing for a client.
    if (!this.#isWaiting && !this.#isAnswered)
      this.#isWaiting = this.#room.tryEnter(this.#client, this.#bytes)
    return this.#isWaiting || this.#isAnswered
  }

  wait(): void {
    if (this.#isWaiting || this.#isAnswered) return
    this.#isWaiting = true
    this.#room.enter(this.#client, this.#bytes)
  }

  leave(): void {
    this.#isAnswered = true
    if (!this.#isWaiting) return
    this.#isWaiting = false
    this.#room.leave(this.#client, this.#bytes)
  }
}
