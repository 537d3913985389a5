// Which TLS handshakes run. One costs a shard as much as a hundred answers, most of it at once when
// its ClientHello is read. So they take turns with the queries of the connections that are open, so
// many run at a time, and clients that have none running come first.

import type { TcpRoom } from '../tcp/room.ts'
import type { Turns, TurnTaker } from '../tcp/turns.ts'

/** Of a turn of the loop: half of it. */
export const HANDSHAKE_UNITS = 64

export interface GateLimits {
  /** Handshakes that have begun and not ended. */
  readonly running: number
  readonly waiting: number
}

const LIMITS: GateLimits = { running: 128, waiting: 1024 }

export interface Handshake {
  /** The same for all that come from one client. */
  readonly client: string
  /**
   * Begins it. False: there is no room for it now. It has left the gate then, and may ask again.
   */
  begin(): boolean
  /** There are too many: it will not be begun. */
  refuse(): void
}

interface Client {
  running: number
  /** In the order in which they came. */
  readonly waiting: Handshake[]
}

export class HandshakeGate implements TurnTaker {
  readonly #turns: Pick<Turns, 'enter' | 'leave'>
  readonly #limits: GateLimits
  readonly #clients = new Map<string, Client>()
  readonly #running = new Set<Handshake>()
  /** Clients with handshakes that wait: those with none running, and the others. */
  readonly #first = new Set<Client>()
  readonly #then = new Set<Client>()
  #waitingCount = 0

  constructor(turns: Pick<Turns, 'enter' | 'leave'>, limits: GateLimits = LIMITS) {
    this.#turns = turns
    this.#limits = limits
  }

  get running(): number {
    return this.#running.size
  }

  get waiting(): number {
    return this.#waitingCount
  }

  /** It is begun in its turn, perhaps at once, or refused. It must `leave` in any case. */
  ask(handshake: Handshake): void {
    const client = this.#clientOf(handshake.client)
    client.waiting.push(handshake)
    this.#waitingCount++
    this.#line(client)
    if (this.#waitingCount > this.#limits.waiting) this.#refuseOne()
    if (this.wantsTurn) this.#turns.enter(this)
  }

  /** It has ended, or is given up. */
  leave(handshake: Handshake): void {
    const client = this.#clients.get(handshake.client)
    if (client === undefined) return
    if (this.#running.delete(handshake)) client.running--
    else this.#unqueue(client, handshake)
    this.#line(client)
    this.#forget(handshake.client, client)
    if (this.wantsTurn) this.#turns.enter(this)
    else if (this.#waitingCount === 0) this.#turns.leave(this)
  }

  get wantsTurn(): boolean {
    return this.#waitingCount > 0 && this.#running.size < this.#limits.running
  }

  takeTurn(): number {
    if (!this.wantsTurn) return 0
    const [client] = this.#first.size > 0 ? this.#first : this.#then
    const handshake = client?.waiting.shift()
    if (client === undefined || handshake === undefined) return 0
    this.#waitingCount--
    client.running++
    this.#running.add(handshake)
    // Behind the others.
    this.#first.delete(client)
    this.#then.delete(client)
    this.#line(client)
    if (handshake.begin()) return HANDSHAKE_UNITS
    this.leave(handshake)
    return 1
  }

  #clientOf(key: string): Client {
    let client = this.#clients.get(key)
    if (client === undefined) {
      client = { running: 0, waiting: [] }
      this.#clients.set(key, client)
    }
    return client
  }

  #forget(key: string, client: Client): void {
    if (client.running === 0 && client.waiting.length === 0) this.#clients.delete(key)
  }

  /** The client stands where it belongs; one that stands there already keeps its place. */
  #line(client: Client): void {
    const isWaiting = client.waiting.length > 0
    const [to, from] = client.running === 0 ? [this.#first, this.#then] : [this.#then, this.#first]
    from.delete(client)
    if (isWaiting) to.add(client)
    else to.delete(client)
  }

  #unqueue(client: Client, handshake: Handshake): void {
    const at = client.waiting.indexOf(handshake)
    if (at < 0) return
    client.waiting.splice(at, 1)
    this.#waitingCount--
  }

  /** The newest of the client that has most. */
  #refuseOne(): void {
    let most: Client | undefined
    for (const client of [...this.#first, ...this.#then])
      if (most === undefined || client.waiting.length > most.waiting.length) most = client
    const newest = most?.waiting.at(-1)
    if (newest === undefined) return
    this.leave(newest)
    newest.refuse()
  }
}

const gates = new WeakMap<TcpRoom, HandshakeGate>()

/** The one gate of a shard, whose listeners share a room. */
export const gateOf = (room: TcpRoom): HandshakeGate => {
  let gate = gates.get(room)
  if (gate === undefined) {
    gate = new HandshakeGate(room.turns)
    gates.set(room, gate)
  }
  return gate
}
