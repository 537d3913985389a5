// Asking the rest of the chain, once per question: equal questions in flight are merged, inside the shard by a map, over shards by claims
// each parallel duplicate would be one more chance for a forged reply). Nobody waits longer than MERGE_WAIT_MS for another's work.

import type { CacheTableRef } from '../../cache/table-ref.ts'
import type { Clock } from '../../core/clock.ts'
import type { Handler } from '../../core/handler.ts'
import type { Query } from '../../core/query.ts'
import { CLAIM_HELD, type Claims } from '../../memory/claims.ts'
import { FLAG_AD, FLAG_CD } from '../../wire/header.ts'
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
  readonly clock: Clock
  /** Of one of the block's tables: keeps the claims of different blocks apart. */
  readonly table: Pick<CacheTableRef, 'id'>
  /** Whether the block has `loop`: its probes (HINFO) must come round, so they are not merged with their own first pass. */
  readonly hasLoop: boolean
}

export class Misses {
  readonly #parts: MissParts
  readonly #flights = new Map<string, Flight>()
  readonly #salt: number

  constructor(parts: MissParts) {
    this.#parts = parts
    this.#salt = Math.imul(parts.table.id + 1, 0x9e3779b1)
  }

  /** The answer to a question that the store has none for, or only a stale one. Fails as the chain fails. */
  ask(query: Query, purpose: Purpose): Outcome | Promise<Outcome> {
    if (this.#goesAlone(query)) return this.#askChain(query, purpose)
    const id = flightId(query)
    const flight = this.#flights.get(id)
    if (flight !== undefined) return this.#join(flight, query, purpose)
    return this.#fly(id, query, () => {
      const [low, high] = this.#claimHash(query)
      const ticket = this.#parts.claims.claim(low, high)
      return ticket === CLAIM_HELD ? this.#askAfterOther(query, purpose, low, high) : this.#askHolding(ticket, query, purpose)
    })
  }

  #goesAlone(query: Query): boolean {
    const { judge, hasLoop } = this.#parts
    return judge.neverStores(query.question) || carriesSubnet(query) || (hasLoop && query.question.type === TYPE_HINFO)
  }

  /** Starts the same for `query` unless somebody is at it already; undefined then. */
  askUnlessAsked(query: Query, purpose: Purpose): Outcome | Promise<Outcome> | undefined {
    const id = flightId(query)
    if (this.#flights.has(id)) return undefined
    const ticket = this.#parts.claims.claim(...this.#claimHash(query))
    if (ticket === CLAIM_HELD) return undefined
    return this.#fly(id, query, () => this.#askHolding(ticket, query, purpose))
  }

  #fly(id: string, asker: Query, start: () => Outcome | Promise<Outcome>): Outcome | Promise<Outcome> {
    const flight: Flight = { asker, outcome: undefined }
    this.#flights.set(id, flight)
    const land = (): void => void this.#flights.delete(id)
    let outcome: Outcome | Promise<Outcome> | undefined
    try {
      outcome = start()
    } finally {
      if (outcome instanceof Promise) {
        flight.outcome = outcome
        outcome.then(land, land)
      } else {
        land()
      }
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
    return this.#askHolding(claims.claim(low, high), query, purpose)
  }

  /** `ticket` may be negative: then there is nothing to release. */
  #askHolding(ticket: number, query: Query, purpose: Purpose): Outcome | Promise<Outcome> {
    const release = (): void => {
      if (ticket >= 0) this.#parts.claims.release(ticket)
    }
    let outcome: Outcome | Promise<Outcome> | undefined
    try {
      outcome = this.#askChain(query, purpose)
    } finally {
      if (!(outcome instanceof Promise)) release()
    }
    return outcome instanceof Promise ? outcome.finally(release) : outcome
  }

  #askChain(query: Query, purpose: Purpose): Outcome | Promise<Outcome> {
    const { next, intake } = this.#parts
    const fail = (error: unknown): never => {
      if (purpose.replaces) intake.failed(query)
      throw error
    }
    try {
      const reply = next(withAd(query))
      if (!(reply instanceof Promise)) return intake.take(query, reply, purpose)
      return reply.then(late => intake.take(query, late, purpose)).catch(fail)
    } catch (error) {
      return fail(error)
    }
  }

  #claimHash(query: Query): [low: number, high: number] {
    const { hashLow, hashHigh } = this.#parts.store.keyOf(query)
    return [hashLow, hashHigh ^ this.#salt]
  }
}

/** Upstream is always told that AD is understood (RFC 6840 section 5.7), so that the stored AD bit means something. */
const withAd = (query: Query): Query => (query.flags & FLAG_AD ? query : query.with({ flags: query.flags | FLAG_AD }))

/** The cache key as text. */
const flightId = (query: Query): string => {
  const { type, class: cls, name } = query.question
  return `${type} ${cls} ${query.do ? 1 : 0}${query.flags & FLAG_CD ? 1 : 0} ${name}`
}

/**
 * Whether `query` was asked on behalf of `asker` (a CNAME that leads back to its own question): it cannot wait for it. Questions that the
 * server asks itself keep the client, id and time of the query they serve.
 */
const isWithin = (query: Query, asker: Query): boolean =>
  query.client === asker.client && query.id === asker.id && query.receivedMs === asker.receivedMs
