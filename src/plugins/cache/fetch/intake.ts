// Takes replies from the rest of the chain: classifies them, removes OPT, sets one TTL for all
// records, and stores them.

import type { Clock } from '../../../base/time/clock.ts'
import { edit } from '../../../chain/answer/edit.ts'
import type { Query } from '../../../chain/query/query.ts'
import type { Reply } from '../../../chain/reply/reply.ts'
import { FLAG_AD, FLAG_RD, FLAG_TC, getFlags } from '../../../wire/header.ts'
import { RCODE_NOERROR, RCODE_NXDOMAIN } from '../../../wire/rcodes.ts'
import type { Counts } from '../counts.ts'
import { adMask } from '../entries/hit.ts'
import { lastingOpt } from '../entries/own-opt.ts'
import type { Judge, Verdict } from '../entries/storable.ts'
import type { Store } from '../entries/store.ts'
import { isOrdinary } from '../entries/upstream-key.ts'

/** The purpose of a question. */
export interface Purpose {
  /**
   * True if there is an entry already: only a better reply is stored. False: every storable reply
   * is.
   */
  readonly replaces: boolean
  /** Hits of the entry, which its successor keeps. */
  readonly popularity: number
}

export const FILL: Purpose = { replaces: false, popularity: 0 }
export const REPLACE: Purpose = { replaces: true, popularity: 0 }

/**
 * An answer from the chain or from another shard's work; may be shared by all who wait for the same
 * question.
 */
export interface Outcome {
  /** AD as upstream gave it. */
  readonly reply: Reply
  /** An answer rather than a failure: good enough to replace a stale one. */
  readonly isUsable: boolean
}

export class Intake {
  readonly #judge: Judge
  readonly #store: Store
  readonly #counts: Counts
  readonly #clock: Clock
  readonly #recheckSeconds: number

  constructor(parts: {
    judge: Judge
    store: Store
    counts: Counts
    clock: Clock
    recheckSeconds: number
  }) {
    this.#judge = parts.judge
    this.#store = parts.store
    this.#counts = parts.counts
    this.#clock = parts.clock
    this.#recheckSeconds = parts.recheckSeconds
  }

  take(query: Query, reply: Reply, purpose: Purpose): Outcome {
    if (reply.bytes.length === 0 || !reply.isWritten || reply.following !== undefined) {
      if (purpose.replaces) this.failed(query)
      return { reply, isUsable: false }
    }
    const now = this.#clock.seconds()
    const verdict = this.#judge.judge(query, reply)
    if (verdict.isMismatch) this.#counts.drop(query)
    const isUsable =
      isAnswer(reply) && !verdict.isMismatch && !this.#store.isProtected(query, verdict, now)
    const answer = edit(reply, { opt: lastingOpt(reply), ttl: verdict.ttlSeconds })
    if (!isTruncated(answer) && this.#isKept(query, verdict, isUsable, purpose, now)) {
      this.#counts.evictions(
        query,
        verdict.table,
        this.#store.put(
          query,
          answer,
          {
            ...verdict,
            popularity: purpose.popularity,
            plainBytes: answer.layout.uncompressedLength,
          },
          now,
        ),
      )
    }
    if (purpose.replaces && !isUsable) this.failed(query)
    return { reply: answer, isUsable }
  }

  #isKept(
    query: Query,
    verdict: Verdict,
    isUsable: boolean,
    purpose: Purpose,
    now: number,
  ): verdict is Verdict & { table: NonNullable<Verdict['table']> } {
    // What was left out for a bound of this query may have its place in the answer to another.
    if (verdict.table === undefined || query.isCurtailed) return false
    return purpose.replaces ? isUsable : !this.#store.isProtected(query, verdict, now)
  }

  /**
   * A refresh came to nothing: the entry rests for the failure recheck, unless the query itself may
   * be to blame.
   */
  failed(query: Query): void {
    if (this.#recheckSeconds > 0 && isOrdinary(query))
      this.#store.holdOff(query, this.#clock.seconds() + this.#recheckSeconds)
  }
}

const isAnswer = (reply: Reply): boolean =>
  reply.rcode === RCODE_NOERROR || reply.rcode === RCODE_NXDOMAIN

export const isTruncated = (reply: Reply): boolean =>
  reply.bytes.length > 0 && (getFlags(reply.bytes, 0) & FLAG_TC) !== 0

/**
 * The reply as this client is to see it: its own RD, AD only if it asked for it, an OPT only if it
 * has one, or if the rcode needs it.
 */
export const replyFor = (query: Query, { reply }: Outcome): Reply =>
  edit(reply, {
    opt: query.edns === undefined && reply.rcode <= 15 ? false : undefined,
    flags: {
      rd: (query.flags & FLAG_RD) !== 0,
      ad: (adMask(query) & FLAG_AD) !== 0 ? undefined : false,
    },
  })
