// One budget in bytes for the process: what clients' connections and queries in flight hold, summed
// over all shards. A row per shard, one cache line apart: word 0 is what the shard has drawn for
// streams, word 1 for datagrams. Writers: each shard its own row, main a dead shard's. Readers:
// all. No lock, no wait. Order: add to the own word, sum, give back if over the limit; so the limit
// is never passed by tryTake, and near it two takers may refuse each other for an instant. Shards
// draw in lots, so that most takes and gives touch no shared memory at all.

/** 32-bit words between two shards' rows: one cache line. */
export const BUDGET_ROW_WORDS = 16
/** The least that a server can work with. */
export const MIN_INFLIGHT_BYTES = 1024 * 1024
/**
 * What is drawn or given back at a time: less where the lots that all shards keep would else be
 * much of a small budget.
 */
const MOST_LOT_BYTES = 16 * 1024
const LEAST_LOT_BYTES = 256
/** Lots that a shard keeps of each kind. */
const KEPT_LOTS = 2
/** All that shards keep is a sixteenth of the budget at most, as long as lots are not the least. */
const KEPT_SHARE = 1 / 16
/** Neither kind may take more than three quarters: a flood of one leaves the other room. */
const KIND_SHARE = 3 / 4
/** Beyond this part of the limit the budget is tight: fair shares count. */
const TIGHT_SHARE = 1 / 2
/**
 * Fair shares divide this part of the limit for each kind. What lies between it and three quarters
 * is for clients who hold next to nothing: newcomers.
 */
const SHARED_SHARE = 5 / 8
/**
 * The last sixteenth is for clients of this machine: probes, and resolvers that run beside the
 * server.
 */
const COMMON_SHARE = 15 / 16

export const STREAM = 0
export const DATAGRAM = 1
export type BudgetKind = typeof STREAM | typeof DATAGRAM

/** A client in one shard. */
export interface BudgetClient {
  /** What it holds of the kind. */
  readonly bytes: number
  /** Clients that hold something, this one perhaps among them. */
  readonly holders: number
  readonly isLocal: boolean
  /** It has nothing in flight: a first query, however many others there are. */
  readonly isNewcomer: boolean
}

export class ByteBudget {
  readonly shards: number
  /** Those that divide it fairly. */
  readonly sharers: number
  readonly #mostBytes: number
  readonly #words: Int32Array
  readonly #first: number
  readonly #mine: number
  readonly #lotBytes: number
  /** By kind: what this shard has drawn, and what of it is in use. */
  readonly #drawn = [0, 0]
  readonly #used = [0, 0]

  /**
   * `offset` is the first word of the rows; `me` counts shards from 0. The limit is at most 1 GiB:
   * sums stay within 32 bits. `sharers`: shards that take what this one takes.
   */
  constructor(
    words: Int32Array,
    offset: number,
    shards: number,
    me: number,
    limitBytes: number,
    sharers = shards,
  ) {
    if (!(me >= 0 && me < shards)) throw new RangeError(`shard ${me} of ${shards}`)
    this.#words = words
    this.#first = offset
    this.#mine = offset + me * BUDGET_ROW_WORDS
    this.shards = shards
    this.sharers = sharers
    this.#mostBytes = limitBytes
    const fair = Math.floor((limitBytes * KEPT_SHARE) / shards / KEPT_LOTS / 2)
    this.#lotBytes = Math.max(LEAST_LOT_BYTES, Math.min(MOST_LOT_BYTES, fair))
  }

  /** What all may hold now: less than at first where main has lowered it. */
  get limitBytes(): number {
    const lowered = Atomics.load(this.#words, this.#first + this.shards * BUDGET_ROW_WORDS)
    return lowered > 0 && lowered < this.#mostBytes ? lowered : this.#mostBytes
  }

  /**
   * Takes bytes unless all shards together would then hold more than the limit, or three quarters
   * of it by this kind alone. Each needs a `give`. `isLocal`: for a client of this machine, who has
   * some room of its own.
   */
  tryTake(kind: BudgetKind, bytes: number, isLocal = true): boolean {
    const used = this.#used[kind]! + bytes
    if (used > this.#drawn[kind]! && !this.#draw(kind, used - this.#drawn[kind]!, isLocal))
      return false
    this.#used[kind] = used
    return true
  }

  /** Takes bytes that are there already, whatever the limit. */
  take(kind: BudgetKind, bytes: number): void {
    const used = this.#used[kind]! + bytes
    if (used > this.#drawn[kind]!) this.#add(kind, this.#lots(used - this.#drawn[kind]!))
    this.#used[kind] = used
  }

  give(kind: BudgetKind, bytes: number): void {
    const used = this.#used[kind]! - bytes
    this.#used[kind] = used
    const spare = this.#drawn[kind]! - used
    const kept = KEPT_LOTS * this.#lotBytes
    if (spare > kept) this.#add(kind, -this.#lots(spare - kept))
  }

  /** Bytes that this shard uses. */
  used(kind: BudgetKind): number {
    return this.#used[kind]!
  }

  /** Bytes that all shards have drawn. */
  get drawn(): number {
    return (
      drawnBytes(this.#words, this.#first, this.shards, STREAM) +
      drawnBytes(this.#words, this.#first, this.shards, DATAGRAM)
    )
  }

  /** Fair shares count now. */
  get isTight(): boolean {
    return this.drawn > this.limitBytes * TIGHT_SHARE
  }

  /**
   * Whether a client that holds `bytes` in this shard, where `holders` clients hold something, may
   * hold `more`. While the budget is tight each has a fair part, with room for one that is yet to
   * come. `isSmall`: what asks is small by itself, and goes on in spite of what others of its
   * address hold, as long as there is more than newcomers need.
   */
  mayHold(kind: BudgetKind, more: number, client: BudgetClient, isSmall: boolean): boolean {
    if (!this.isTight) return true
    const limit = this.limitBytes
    const drawn = this.drawn + more
    if (client.isLocal) return drawn <= limit
    const ofKind = this.#drawnOf(kind) + more
    if (drawn > limit * COMMON_SHARE || ofKind > limit * KIND_SHARE) return false
    const bytes = client.bytes + more
    if (client.isNewcomer) return true
    const share = (limit * SHARED_SHARE) / this.sharers / (client.holders + 1)
    return bytes <= share || (isSmall && ofKind <= limit * SHARED_SHARE)
  }

  /** True when streams hold all that they may: who keeps us waiting must make room. */
  get isSpent(): boolean {
    const limit = this.limitBytes
    return this.drawn >= limit * COMMON_SHARE || this.#drawnOf(STREAM) >= limit * SHARED_SHARE
  }

  #drawnOf(kind: BudgetKind): number {
    return drawnBytes(this.#words, this.#first, this.shards, kind)
  }

  #draw(kind: BudgetKind, bytes: number, isLocal: boolean): boolean {
    const lots = this.#lots(bytes)
    this.#add(kind, lots)
    const limit = this.limitBytes
    const reserved = isLocal ? 0 : limit * (1 - COMMON_SHARE)
    const most = isLocal ? limit : limit * KIND_SHARE
    if (this.#drawnOf(kind) <= most && this.drawn <= limit - reserved) return true
    this.#add(kind, -lots)
    return false
  }

  #lots(bytes: number): number {
    return Math.ceil(bytes / this.#lotBytes) * this.#lotBytes
  }

  #add(kind: BudgetKind, bytes: number): void {
    this.#drawn[kind] = this.#drawn[kind]! + bytes
    Atomics.add(this.#words, this.#mine + kind, bytes)
  }
}

/** A row for each shard, and one whose word 0 is the limit that main has lowered it to, or 0. */
export const budgetWords = (shards: number): number => (shards + 1) * BUDGET_ROW_WORDS

/** Main only. `limitBytes` may be anything: no more than the first limit counts. */
export const lowerBudget = (
  words: Int32Array,
  offset: number,
  shards: number,
  limitBytes: number,
): void => void Atomics.store(words, offset + shards * BUDGET_ROW_WORDS, limitBytes)

/** What all shards have drawn of a kind. */
export const drawnBytes = (
  words: Int32Array,
  offset: number,
  shards: number,
  kind: BudgetKind,
): number => {
  let sum = 0
  for (let row = 0; row < shards; row++)
    sum += Atomics.load(words, offset + row * BUDGET_ROW_WORDS + kind)
  return sum
}

/**
 * Gives back all that a dead shard (from 0) held. Main only, and only after the worker's `exit`
 * event.
 */
export const sweepBudget = (words: Int32Array, offset: number, dead: number): void => {
  for (const kind of [STREAM, DATAGRAM])
    Atomics.store(words, offset + dead * BUDGET_ROW_WORDS + kind, 0)
}
