// Which TLS handshakes run. One costs a shard as much as a hundred answers, most of it at once when
// its ClientHello is read. So they take turns with the queries of the connections that are open, so
// many run at a time, and clients that have none running come first. Those that run wait for their
// clients, who may never answer: they give way, so that nobody can hold all the places.

import type { Clock } from '../../base/time/clock.ts'
import type { TcpRoom } from '../tcp/room.ts'
import type { Turns, TurnTaker } from '../tcp/turns.ts'

/** Of a turn of the loop: half of it. */
export const HANDSHAKE_UNITS = 64

export interface GateLimits {
  /** Handshakes that have begun and not ended. */
  readonly running: number
  readonly waiting: number
}

/**
 * After so long one that runs gives way to whoever waits: two round trips to the other side of the
 * earth, with a packet lost.
 */
export const PATIENCE_MS = 1000

const LIMITS: GateLimits = { running: 128, waiting: 1024 }

export interface Handshake {
  /** The same for all that come from one client. */
  readonly client: string
  /**
   * Begins it. False: there is no room for it now. It has left the gate then, and may ask again.
   */
  begin(): boolean
  /** There are too many: it will not be begun, or has run for too long. */
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
  /** With Clock.ms() at which each has begun, the oldest first. */
  readonly #running = new Map<Handshake, number>()
  /** Clients with handshakes that wait: those with none running, and the others. */
  readonly #first = new Set<Client>()
  readonly #then = new Set<Client>()
  readonly #clock: Clock
  #waitingCount = 0
  /** Until the oldest may have to give way. */
  #timer: NodeJS.Timeout | undefined

  constructor(turns: Pick<Turns, 'enter' | 'leave'>, clock: Clock, limits: GateLimits = LIMITS) {
    this.#turns = turns
    this.#clock = clock
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
    this.#look()
  }

  /** It has ended, or is given up. */
  leave(handshake: Handshake): void {
    const client = this.#clients.get(handshake.client)
    if (client === undefined) return
    if (this.#running.delete(handshake)) client.running--
    else this.#unqueue(client, handshake)
    this.#line(client)
    this.#forget(handshake.client, client)
    this.#look()
  }

  /** Enters the turns if it wants one. */
  #look(): void {
    if (this.wantsTurn) this.#turns.enter(this)
    else this.#turns.leave(this)
    this.#setTimer()
  }

  /** Whoever waits is looked at again when the oldest has had its time. */
  #setTimer(): void {
    clearTimeout(this.#timer)
    if (this.#waitingCount === 0 || this.wantsTurn) return
    const [begunMs = 0] = this.#running.values()
    const leftMs = begunMs + PATIENCE_MS - this.#clock.ms()
    this.#timer = setTimeout(() => this.#look(), Math.max(1, leftMs)).unref()
  }

  get wantsTurn(): boolean {
    if (this.#waitingCount === 0) return false
    return this.#running.size < this.#limits.running || this.#yielding() !== undefined
  }

  /**
   * The one that gives way: the oldest of the client that has most running, for a client that has
   * none; else the oldest of all, once it has had its time.
   */
  #yielding(): Handshake | undefined {
    if (this.#first.size > 0) {
      let most = 1
      let oldest: Handshake | undefined
      for (const handshake of this.#running.keys()) {
        const { running = 0 } = this.#clients.get(handshake.client) ?? {}
        if (running <= most) continue
        most = running
        oldest = handshake
      }
      if (oldest !== undefined) return oldest
    }
    const [oldest] = this.#running
    if (oldest === undefined) return undefined
    const [handshake, begunMs] = oldest
    return this.#clock.ms() - begunMs >= PATIENCE_MS ? handshake : undefined
  }

  takeTurn(): number {
    if (!this.wantsTurn) return 0
    if (this.#running.size >= this.#limits.running) {
      const yielding = this.#yielding()
      if (yielding !== undefined) this.#giveUp(yielding)
    }
    const [client] = this.#first.size > 0 ? this.#first : this.#then
    const handshake = client?.waiting.shift()
    if (client === undefined || handshake === undefined) return 0
    this.#waitingCount--
    client.running++
    this.#running.set(handshake, this.#clock.ms())
    // Behind the others.
    this.#first.delete(client)
    this.#then.delete(client)
    this.#line(client)
    if (!handshake.begin()) {
      this.leave(handshake)
      return 1
    }
    this.#setTimer()
    return HANDSHAKE_UNITS
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
    if (newest !== undefined) this.#giveUp(newest)
  }

  #giveUp(handshake: Handshake): void {
    this.leave(handshake)
    handshake.refuse()
  }
}

const gates = new WeakMap<TcpRoom, HandshakeGate>()

/** The one gate of a shard, whose listeners share a room. */
export const gateOf = (room: TcpRoom): HandshakeGate => {
  let gate = gates.get(room)
  if (gate === undefined) {
    gate = new HandshakeGate(room.turns, room.clock)
    gates.set(room, gate)
  }
  return gate
}
