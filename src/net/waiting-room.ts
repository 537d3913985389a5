// Queries over UDP that wait, mostly for an upstream: how much of the budget they hold, and how
// much each client holds in this shard. The sender of a datagram can be forged, so the table of
// clients has a fixed size: clients in the same bucket share a part.

import { clientKey, isLoopback } from '../base/ip.ts'
import type { Peer, Waiting } from '../chain/query.ts'
import { type ByteBudget, DATAGRAM } from '../memory/byte-budget.ts'
import { underWayBytes } from './engine.ts'

/** A power of two. */
const BUCKETS = 4096

export class WaitingRoom {
  readonly #budget: ByteBudget
  readonly #seed: number
  readonly #refused: () => void
  /** By bucket. */
  readonly #bytes = new Int32Array(BUCKETS)
  /** Buckets that hold something. */
  #holders = 0

  /**
   * `seed`: 32 secret bits, so that an attacker cannot choose an address in the bucket of another.
   * `refused` is called for each query that finds no room.
   */
  constructor(budget: ByteBudget, seed: number, refused: () => void) {
    this.#budget = budget
    this.#seed = seed
    this.#refused = refused
  }

  /** For one query of so many bytes over UDP: holds nothing until it has to wait. */
  admit(client: Peer, length: number): Waiting {
    return new WaitingQuery(this, client, underWayBytes(length, 'udp'))
  }

  tryEnter(client: Peer, bytes: number): boolean {
    const bucket = this.#bucketOf(client)
    const isLocal = isLoopback(client.address)
    const held = this.#bytes[bucket]!
    const holder = { bytes: held, holders: this.#holders, isLocal, isNewcomer: held === 0 }
    const budget = this.#budget
    if (
      !budget.mayHold(DATAGRAM, bytes, holder, false) ||
      !budget.tryTake(DATAGRAM, bytes, isLocal)
    ) {
      this.#refused()
      return false
    }
    this.#hold(bucket, bytes)
    return true
  }

  /** Whatever room there is. */
  enter(client: Peer, bytes: number): void {
    this.#budget.take(DATAGRAM, bytes)
    this.#hold(this.#bucketOf(client), bytes)
  }

  leave(client: Peer, bytes: number): void {
    this.#budget.give(DATAGRAM, bytes)
    this.#hold(this.#bucketOf(client), -bytes)
  }

  #hold(bucket: number, bytes: number): void {
    const before = this.#bytes[bucket]!
    this.#bytes[bucket] = before + bytes
    if (before === 0) this.#holders++
    else if (before + bytes === 0) this.#holders--
  }

  #bucketOf({ address, family }: Peer): number {
    const key = family === 4 ? address : clientKey(address)
    let hash = this.#seed
    for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
    return (hash ^ (hash >>> 15)) & (BUCKETS - 1)
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
