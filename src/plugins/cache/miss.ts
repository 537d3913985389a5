// Asking the rest of the chain, once per question: equal questions in flight are merged, inside the shard by a map, over shards by claims
// each parallel duplicate would be one more chance for a forged reply). Nobody waits longer than MERGE_WAIT_MS for another's work.

import type { CacheTableRef } from '../../cache/table-ref.ts'
import type { Clock } from '../../core/clock.ts'
import type { Handler } from '../../core/handler.ts'
import { NumberMap } from '../../core/number-map.ts'
import type { Query } from '../../core/query.ts'
import type { Reply } from '../../core/reply.ts'
import { CLAIM_FULL, CLAIM_HELD, type Claims } from '../../memory/claims.ts'
import { FLAG_AD, FLAG_CD } from '../../wire/header.ts'
import { namesEqual } from '../../wire/name.ts'
import { TYPE_HINFO } from '../../wire/rrtypes.ts'
import { carriesSubnet } from './client-subnet.ts'
import { answerFromHit } from './hit.ts'
import { type Intake, isTruncated, type Outcome, type Purpose } from './intake.ts'
import type { Judge } from './storable.ts'
import type { Store } from './store.ts'
import { within } from './within.ts'

/** Longer than forward tries (5 s) would outlast every client. */
const MERGE_WAIT_MS = 5000

interface Flight {
  readonly asker: Query
  /** Undefined while the asker's chain runs synchronously. */
  outcome: Promise<Outcome> | undefined
}

export interface MissParts {
  readonly next: Handler
  readonly store: Store
  readonly judge: Judge
  readonly intake: Intake
  readonly claims: Claims
  /** There are no other shards, who might be asking already. */
  readonly isAlone: boolean
  readonly clock: Clock
  /** Of one of the block's tables: keeps the claims of different blocks apart. */
  readonly table: Pick<CacheTableRef, 'id'>
  /** Whether the block has `loop`: its probes (HINFO) must come round, so they are not merged with their own first pass. */
  readonly hasLoop: boolean
}

export class Misses {
  readonly #parts: MissParts
  /** By the upper 53 bits of the keyed hash; what else has the same goes alone. */
  readonly #flights = new NumberMap<Flight>()
  readonly #salt: number

  constructor(parts: MissParts) {
    this.#parts = parts
    this.#salt = Math.imul(parts.table.id + 1, 0x9e3779b1)
  }

  /** The answer to a question that the store has none for, or only a stale one. Fails as the chain fails. */
  ask(query: Query, purpose: Purpose): Outcome | Promise<Outcome> {
    if (this.#goesAlone(query)) return this.#askChain(query, purpose)
    const { hashLow, hashHigh } = this.#parts.store.keyOf(query)
    const id = flightId(hashLow, hashHigh)
    const flight = this.#flights.get(id)
    if (flight !== undefined) {
      return isSameQuestion(flight.asker, query) ? this.#join(flight, query, purpose) : this.#askChain(query, purpose)
    }
    const ticket = this.#claim(hashLow, hashHigh)
    if (ticket !== CLAIM_HELD) return this.#fly(id, ticket, query, purpose)
    const outcome = this.#askAfterOther(query, purpose, hashLow, hashHigh ^ this.#salt)
    this.#flights.set(id, { asker: query, outcome })
    const land = (): void => void this.#flights.delete(id)
    outcome.then(land, land)
    return outcome
  }

  #goesAlone(query: Query): boolean {
    const { judge, hasLoop } = this.#parts
    return judge.neverStores(query.question) || carriesSubnet(query) || (hasLoop && query.question.type === TYPE_HINFO)
  }

  /** Starts the same for `query` unless somebody is at it already; undefined then. */
  askUnlessAsked(query: Query, purpose: Purpose): Outcome | Promise<Outcome> | undefined {
    const { hashLow, hashHigh } = this.#parts.store.keyOf(query)
    const id = flightId(hashLow, hashHigh)
    if (this.#flights.has(id)) return undefined
    const ticket = this.#claim(hashLow, hashHigh)
    return ticket === CLAIM_HELD ? undefined : this.#fly(id, ticket, query, purpose)
  }

  /** Shards are asked for leave only where there are others. */
  #claim(hashLow: number, hashHigh: number): number {
    return this.#parts.isAlone ? CLAIM_FULL : this.#parts.claims.claim(hashLow, hashHigh ^ this.#salt)
  }

  /** Asks for all who come with the same question meanwhile. `ticket` may be negative: then there is nothing to release. */
  #fly(id: number, ticket: number, asker: Query, purpose: Purpose): Outcome | Promise<Outcome> {
    const flight: Flight = { asker, outcome: undefined }
    this.#flights.set(id, flight)
    const land = (): void => {
      this.#flights.delete(id)
      if (ticket >= 0) this.#parts.claims.release(ticket)
    }
    let outcome: Outcome | Promise<Outcome> | undefined
    try {
      outcome = this.#askChain(asker, purpose, land)
    } finally {
      if (outcome instanceof Promise) flight.outcome = outcome
      else land()
    }
    return outcome
  }

  #join(flight: Flight, query: Query, purpose: Purpose): Outcome | Promise<Outcome> {
    const { asker, outcome } = flight
    if (outcome === undefined || isWithin(query, asker)) return this.#askChain(query, purpose)
    return within(outcome, MERGE_WAIT_MS).then(shared => {
      if (shared === undefined) return this.#askChain(query, purpose)
      const isTooShort = isTruncated(shared.reply) && query.transport === 'tcp' && asker.transport === 'udp'
      return isTooShort ? this.ask(query, purpose) : shared
    })
  }

  async #askAfterOther(query: Query, purpose: Purpose, low: number, high: number): Promise<Outcome> {
    const { claims, store, clock } = this.#parts
    await claims.wait(low, high, MERGE_WAIT_MS)
    const now = clock.seconds()
    const side = store.find(query, now)
    if (side?.isFresh(now)) {
      return { reply: answerFromHit(withAd(query), side.hit, side.remaining(now)), isUsable: !side.isFailure }
    }
    const ticket = claims.claim(low, high)
    try {
      return await this.#askChain(query, purpose)
    } finally {
      if (ticket >= 0) claims.release(ticket)
    }
  }

  /** `landed` runs once a later answer has been taken in, or has failed. */
  #askChain(query: Query, purpose: Purpose, landed?: () => void): Outcome | Promise<Outcome> {
    const { next, intake } = this.#parts
    const fail = (error: unknown): never => {
      if (purpose.replaces) intake.failed(query)
      throw error
    }
    const take = (reply: Reply): Outcome => {
      try {
        return intake.take(query, reply, purpose)
      } catch (error) {
        return fail(error)
      }
    }
    let reply: Reply | Promise<Reply>
    try {
      reply = next(withAd(query))
    } catch (error) {
      return fail(error)
    }
    if (!(reply instanceof Promise)) return take(reply)
    return reply.then(
      late => {
        try {
          return take(late)
        } finally {
          landed?.()
        }
      },
      error => {
        landed?.()
        return fail(error)
      },
    )
  }
}

/** Upstream is always told that AD is understood (RFC 6840 section 5.7), so that the stored AD bit means something. */
const withAd = (query: Query): Query => (query.flags & FLAG_AD ? query : query.with({ flags: query.flags | FLAG_AD }))

/** 53 bits of the key's hash as one number. */
const flightId = (hashLow: number, hashHigh: number): number => (hashHigh >>> 11) * 0x1_0000_0000 + (hashLow >>> 0)

/** Whether the cache keys of two queries are equal. */
const isSameQuestion = (a: Query, b: Query): boolean =>
  a.question.type === b.question.type &&
  a.question.class === b.question.class &&
  a.do === b.do &&
  ((a.flags ^ b.flags) & FLAG_CD) === 0 &&
  namesEqual(a.question.folded, b.question.folded)

/**
 * Whether `query` was asked on behalf of `asker` (a CNAME that leads back to its own question): it cannot wait for it. Questions that the
 * server asks itself keep the client, id and time of the query they serve.
 */
const isWithin = (query: Query, asker: Query): boolean =>
  query.client === asker.client && query.id === asker.id && query.receivedMs === asker.receivedMs
