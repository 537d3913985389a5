// Asking the rest of the chain, once per upstream query: equal ones in flight are merged, inside
// the shard by a map, over shards by claims (each parallel duplicate would be one more chance for a
// forged reply, RFC 5452). Equal means that the same message would leave for upstream
// (plugins/cache/entries/upstream-key.ts). Each query waits until its own deadline. When an attempt
// fails, the queries that have time left make one more attempt together.

import { IntMap } from '../../../base/int-map.ts'
import type { Clock } from '../../../base/time/clock.ts'
import type { CacheTableRef } from '../../../cache/table-ref.ts'
import { ServerError } from '../../../chain/errors.ts'
import type { Query } from '../../../chain/query/query.ts'
import { after, within } from '../../../chain/reply/after.ts'
import type { Reply } from '../../../chain/reply/reply.ts'
import type { Handler } from '../../../chain/stage/handler.ts'
import { CLAIM_FULL, CLAIM_HELD, type Claims } from '../../../memory/claims.ts'
import { FLAG_AD } from '../../../wire/header.ts'
import { TYPE_HINFO } from '../../../wire/rrtypes.ts'
import { answerFromHit } from '../entries/hit.ts'
import type { Judge } from '../entries/storable.ts'
import type { Store } from '../entries/store.ts'
import { isSameUpstream, relayedBytes, UpstreamKey } from '../entries/upstream-key.ts'
import type { Intake, Outcome, Purpose } from './intake.ts'
import { outcomeFrom, tellFailure, tellOutcome } from './told.ts'

/**
 * Less than an upstream is given for one attempt (forward's read time-out): a second failure would
 * come too late.
 */
const MINIMUM_RETRY_MS = 2000

interface Flight {
  readonly asker: Query
  /** Undefined while the asker's chain runs synchronously. */
  outcome: Promise<Outcome> | undefined
  /** No query waits for it any more. */
  readonly land: Landed
  /** The next with its id may have taken its place. */
  isOver: boolean
}

/** Exactly one of both is given: the outcome, or why there is none. */
type Landed = (outcome: Outcome | undefined, error: unknown) => void

export interface MissParts {
  readonly next: Handler
  readonly store: Store
  readonly judge: Judge
  readonly intake: Intake
  readonly claims: Claims
  /** True if there are no other shards that might be asking already. */
  readonly isAlone: boolean
  readonly clock: Clock
  /** Of one of the block's tables: keeps the claims of different blocks apart. */
  readonly table: Pick<CacheTableRef, 'id' | 'seed'>
  /**
   * Whether the block has `loop`: its probes (HINFO) must come round, so they are not merged with
   * their own first pass.
   */
  readonly hasLoop: boolean
}

export class Misses {
  readonly #parts: MissParts
  /**
   * By the upper 53 bits of the keyed hash; a different question with the same bits is asked
   * separately.
   */
  readonly #flights = new IntMap<Flight>()
  readonly #key: UpstreamKey
  readonly #salt: number

  constructor(parts: MissParts) {
    this.#parts = parts
    this.#key = new UpstreamKey(parts.table.seed)
    this.#salt = Math.imul(parts.table.id + 1, 0x9e3779b1)
  }

  /**
   * The answer to a question that the store has none for, or only a stale one. Fails as the chain
   * fails.
   */
  ask(query: Query, purpose: Purpose): Outcome | Promise<Outcome> {
    return this.#ask(query, purpose, true)
  }

  /** Starts the same for `query`; undefined if the question is being asked already. */
  askUnlessAsked(query: Query, purpose: Purpose): Outcome | Promise<Outcome> | undefined {
    const { low, high } = this.#key.set(relayedBytes(query))
    const id = flightId(low, high)
    if (this.#flightOf(id) !== undefined) return undefined
    const ticket = this.#claim(low, high)
    return ticket === CLAIM_HELD ? undefined : this.#fly(id, ticket, query, purpose)
  }

  /**
   * Queries of clients wait for each other. A question of the server's own never waits for another
   * query: that one may wait for the query that has led to this question.
   */
  #ask(query: Query, purpose: Purpose, mayRetry: boolean): Outcome | Promise<Outcome> {
    if (this.#goesAlone(query)) return this.#askChain(query, purpose)
    const { low, high } = this.#key.set(relayedBytes(query))
    const id = flightId(low, high)
    const flight = this.#flightOf(id)
    if (flight !== undefined) {
      if (
        flight.outcome === undefined ||
        query.depth > 0 ||
        isWithin(query, flight.asker) ||
        !isSameQuery(query, flight.asker)
      ) {
        return this.#askChain(query, purpose)
      }
      return this.#join(flight.outcome, query, purpose, mayRetry)
    }
    const ticket = this.#claim(low, high)
    if (ticket !== CLAIM_HELD) return this.#fly(id, ticket, query, purpose)
    if (query.depth > 0) return this.#askChain(query, purpose)
    const outcome = this.#askAfterOther(query, purpose, low, high)
    const land = (): void => this.#landed(id, own)
    const own: Flight = { asker: query, outcome, land, isOver: false }
    this.#flights.set(id, own)
    outcome.then(land, land)
    return this.#join(outcome, query, purpose, mayRetry)
  }

  /**
   * Undefined as well if the asker's deadline has passed: a chain that does not keep its deadline
   * must not block all queries with this question.
   */
  #flightOf(id: number): Flight | undefined {
    const flight = this.#flights.get(id)
    if (flight === undefined || this.#leftMs(flight.asker) > 0) return flight
    flight.land(undefined, late())
    return undefined
  }

  #landed(id: number, flight: Flight): void {
    if (!flight.isOver) this.#flights.delete(id)
    flight.isOver = true
  }

  #goesAlone(query: Query): boolean {
    const { judge, hasLoop } = this.#parts
    // The messages of a stream are for one client.
    if (query.streams !== undefined) return true
    return judge.neverStores(query) || (hasLoop && query.question.type === TYPE_HINFO)
  }

  /** Shards are asked for leave only where there are others. */
  #claim(low: number, high: number): number {
    return this.#parts.isAlone ? CLAIM_FULL : this.#parts.claims.claim(low, high ^ this.#salt)
  }

  /**
   * Asks for all queries with the same question that come in the meantime. `ticket` may be
   * negative: then there is nothing to release.
   */
  #fly(id: number, ticket: number, asker: Query, purpose: Purpose): Outcome | Promise<Outcome> {
    const release = this.#releaser(ticket)
    const land: Landed = (answered, error) => {
      this.#landed(id, flight)
      release?.(answered, error)
    }
    const flight: Flight = { asker, outcome: undefined, land, isOver: false }
    this.#flights.set(id, flight)
    const outcome = this.#askChain(asker, purpose, land)
    if (outcome instanceof Promise) flight.outcome = outcome
    return outcome
  }

  /** Waits for another's work as long as the query's own time lasts. */
  async #join(
    outcome: Promise<Outcome>,
    query: Query,
    purpose: Purpose,
    mayRetry: boolean,
  ): Promise<Outcome> {
    query.mustWait()
    let shared: Outcome | undefined
    try {
      shared = await within(outcome, this.#leftMs(query))
    } catch (error) {
      if (!mayRetry || !(error instanceof ServerError) || this.#leftMs(query) < MINIMUM_RETRY_MS)
        throw error
      return this.#ask(query, purpose, false)
    }
    return shared ?? timedOut()
  }

  async #askAfterOther(
    query: Query,
    purpose: Purpose,
    low: number,
    high: number,
  ): Promise<Outcome> {
    const { claims, store, clock } = this.#parts
    const told = await claims.wait(low, high ^ this.#salt, this.#leftMs(query))
    const now = clock.seconds()
    const side = store.find(query, now)
    if (side?.isFresh(now)) {
      return {
        reply: answerFromHit(withAd(query), side.hit, side.hit.remainingSeconds(now)),
        isUsable: !side.isFailure,
      }
    }
    const outcome = outcomeFrom(told, query)
    if (outcome !== undefined) return outcome
    if (this.#leftMs(query) <= 0) timedOut()
    return this.#askChain(query, purpose, this.#releaser(this.#claim(low, high)))
  }

  /** Ends a claim and tells the other shards how it went; undefined if there is none to end. */
  #releaser(ticket: number): Landed | undefined {
    if (ticket < 0) return undefined
    const { claims } = this.#parts
    return (outcome, error) =>
      claims.release(ticket, outcome === undefined ? tellFailure(error) : tellOutcome(outcome))
  }

  #leftMs(query: Query): number {
    return query.deadlineMs - this.#parts.clock.ms()
  }

  /** `landed` runs once a later answer has been taken in, or has failed, with how it went. */
  #askChain(query: Query, purpose: Purpose, landed?: Landed): Outcome | Promise<Outcome> {
    const { next, intake } = this.#parts
    const fail = (error: unknown): never => {
      if (purpose.replaces) intake.failed(query)
      landed?.(undefined, error)
      throw error
    }
    const take = (reply: Reply): Outcome => {
      let outcome: Outcome
      try {
        outcome = intake.take(query, reply, purpose)
      } catch (error) {
        return fail(error)
      }
      landed?.(outcome, undefined)
      return outcome
    }
    let reply: Reply | Promise<Reply>
    try {
      reply = next(withAd(query))
    } catch (error) {
      return fail(error)
    }
    return after(reply, take, fail)
  }
}

/**
 * Upstream is always told that AD is understood (RFC 6840 section 5.7), so that the stored AD bit
 * means something.
 */
const withAd = (query: Query): Query =>
  query.flags & FLAG_AD ? query : query.with({ flags: query.flags | FLAG_AD })

/** 53 bits of the hash as one number. */
const flightId = (low: number, high: number): number => (high >>> 11) * 0x1_0000_0000 + (low >>> 0)

const isSameQuery = (a: Query, b: Query): boolean =>
  isSameUpstream(relayedBytes(a), relayedBytes(b))

const late = (): ServerError =>
  new ServerError('UPSTREAM_TIMEOUT', 'the same question, asked by another client: i/o timeout')

const timedOut = (): never => {
  throw late()
}

/**
 * Whether `query` was asked on behalf of `asker` (a CNAME that leads back to its own question): it
 * cannot wait for it. Questions that the server asks itself keep the client, id and time of the
 * query they serve.
 */
const isWithin = (query: Query, asker: Query): boolean =>
  query.client === asker.client && query.id === asker.id && query.receivedMs === asker.receivedMs
