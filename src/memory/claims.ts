// Claims, or in-flight locks: which shard is asking upstream for which key. A fixed open-addressed
// table of 64-bit keyed hashes. When it is full, a claim fails; no thread waits for room.
//
//   word 0   seq(23) | tentative(1) | owner(8)      owner 0: free; else shard + 1
//   word 1   hash, low half        word 2   hash, high half
//   word 3   tag(11) | told(21): the result that the last owner gave when it released the entry;
//            the tag is the low part of its claim's seq
//
// free -> tentative (by compare-exchange, then the hash is stored) -> held (by compare-exchange) ->
// free. Only the owner takes these steps, but two others may free an entry: a claimant of the same
// hash at a lower place frees a tentative one, and main frees a dead owner's. At most one claim per
// hash is ever held: both claimants store their hash before they look for the other, so one of them
// sees the other. A claimant gives up if it finds a held entry, or a tentative one at a lower
// place. It frees tentative entries at higher places. Every change to free adds 1 to seq and
// notifies. All accesses are atomic; this is the miss path. Weak spot: seq wraps after 8 million
// claims of one entry; a ticket kept that long could release a later claim.

/** 32-bit words of one entry. */
export const CLAIM_WORDS = 4
/**
 * Entries in the process-wide table: a power of two, several times what forward's max_concurrent
 * lets be in flight.
 */
export const CLAIM_ENTRIES = 8192
/** Places looked at, from the hash's own on. */
export const CLAIM_WINDOW = 8

/** claim(): another holds the key. */
export const CLAIM_HELD = -1
/** claim(): no free place; go on without. */
export const CLAIM_FULL = -2

/** wait(): the claim's owner told nothing, for it has died, or the time was up. */
export const TOLD_NOTHING = 0
/** Largest number that the owner of a claim can tell those who wait. */
export const TOLD_MAX = 0x1f_ffff
const TAG_SHIFT = 21
const TAG_MASK = 0x7ff

const OWNER = 0xff
const TENTATIVE = 0x100
const SEQ_STEP = 0x200
const SEQ_COUNT = 0x80_0000
const CLAIM_TRIES = 3

export class Claims {
  readonly #words: Int32Array
  readonly #offset: number
  readonly #mask: number
  readonly #owner: number

  /** `entries` is a power of two, at least CLAIM_WINDOW; `owner` is shard + 1, up to 254. */
  constructor(words: Int32Array, offset: number, entries: number, owner: number) {
    if ((entries & (entries - 1)) !== 0 || entries < CLAIM_WINDOW)
      throw new RangeError(`claims: ${entries} entries`)
    if (!(owner >= 1 && owner <= 254)) throw new RangeError(`claims: owner ${owner}`)
    this.#words = words
    this.#offset = offset
    this.#mask = entries - 1
    this.#owner = owner
  }

  /**
   * A ticket (0 or more) when the key is now this shard's to ask for, CLAIM_HELD or CLAIM_FULL
   * otherwise. Each ticket needs one release.
   */
  claim(hashLow: number, hashHigh: number): number {
    for (let attempt = 0; attempt < CLAIM_TRIES; attempt++) {
      const place = this.#freePlace(hashLow, hashHigh)
      if (place < 0) return place
      const word = this.#word(hashLow, place)
      const free = Atomics.load(this.#words, word)
      const tentative = free | TENTATIVE | this.#owner
      if (
        (free & OWNER) !== 0 ||
        Atomics.compareExchange(this.#words, word, free, tentative) !== free
      )
        continue
      Atomics.store(this.#words, word + 1, hashLow)
      Atomics.store(this.#words, word + 2, hashHigh)
      return this.#confirm(hashLow, hashHigh, place, tentative)
    }
    return CLAIM_FULL
  }

  /**
   * Resolves when the claim on this key ends (released, or its owner died) or at the time-out; at
   * once if no shard holds it. Never rejects. Gives the owner's result, which is only a hint: it is
   * empty if the entry has been used again meanwhile. Keeps no event loop alive by itself.
   */
  async wait(hashLow: number, hashHigh: number, timeoutMs: number): Promise<number> {
    for (let place = 0; place < CLAIM_WINDOW; place++) {
      const word = this.#word(hashLow, place)
      // Twice: the first wait fails at once when a tentative claim became a held one just then.
      for (let attempt = 0; attempt < 2; attempt++) {
        const state = this.#stateIfKey(word, hashLow, hashHigh)
        if (state === 0) break
        const waiting = Atomics.waitAsync(this.#words, word, state, timeoutMs)
        if (waiting.async) {
          await waiting.value
          return this.#toldOf(word, state)
        }
      }
    }
    return TOLD_NOTHING
  }

  #toldOf(word: number, state: number): number {
    const told = Atomics.load(this.#words, word + 3)
    return told >>> TAG_SHIFT === tagOf(state) ? told & TOLD_MAX : TOLD_NOTHING
  }

  /**
   * Ends a claim and wakes who waits for it, with word of how it went (up to TOLD_MAX). A ticket
   * released twice, or swept meanwhile, is ignored.
   */
  release(ticket: number, told: number = TOLD_NOTHING): void {
    const index = Math.floor(ticket / SEQ_COUNT)
    if (index < 0 || index > this.#mask) return
    const state = ((ticket % SEQ_COUNT) * SEQ_STEP) | this.#owner
    const word = this.#offset + index * CLAIM_WORDS
    // While this thread lives, no other frees an entry that it holds, so the word behind it is
    // ours.
    if (Atomics.load(this.#words, word) !== state) return
    Atomics.store(this.#words, word + 3, (tagOf(state) << TAG_SHIFT) | (told & TOLD_MAX))
    freeEntry(this.#words, word, state)
  }

  /** The first free place of the window, or why there is none to take. */
  #freePlace(hashLow: number, hashHigh: number): number {
    let free = CLAIM_FULL
    for (let place = 0; place < CLAIM_WINDOW; place++) {
      const word = this.#word(hashLow, place)
      if (this.#stateIfKey(word, hashLow, hashHigh) !== 0) return CLAIM_HELD
      if (free < 0 && (Atomics.load(this.#words, word) & OWNER) === 0) free = place
    }
    return free
  }

  #confirm(hashLow: number, hashHigh: number, mine: number, tentative: number): number {
    const words = this.#words
    const word = this.#word(hashLow, mine)
    for (let place = 0; place < CLAIM_WINDOW; place++) {
      if (place === mine) continue
      const otherWord = this.#word(hashLow, place)
      const other = this.#stateIfKey(otherWord, hashLow, hashHigh)
      if (other === 0) continue
      const mayTake = place > mine && (other & TENTATIVE) !== 0
      if (mayTake && freeEntry(words, otherWord, other)) continue
      if (this.#stateIfKey(otherWord, hashLow, hashHigh) === 0) continue
      freeEntry(words, word, tentative)
      return CLAIM_HELD
    }
    const held = tentative & ~TENTATIVE
    if (Atomics.compareExchange(words, word, tentative, held) !== tentative) return CLAIM_HELD
    return ((word - this.#offset) / CLAIM_WORDS) * SEQ_COUNT + (held >>> 9)
  }

  #word(hashLow: number, place: number): number {
    return this.#offset + ((hashLow + place) & this.#mask) * CLAIM_WORDS
  }

  /** The entry's state if somebody has it for this key, else 0. */
  #stateIfKey(word: number, hashLow: number, hashHigh: number): number {
    const words = this.#words
    // Read until it stands still: one that changes meanwhile may have become held. Each further
    // round is a step that another took.
    for (let state = Atomics.load(words, word); ; ) {
      if ((state & OWNER) === 0) return 0
      if (Atomics.load(words, word + 1) !== hashLow || Atomics.load(words, word + 2) !== hashHigh)
        return 0
      const now = Atomics.load(words, word)
      if (now === state) return state
      state = now
    }
  }
}

/** Of the claim's sequence number. */
const tagOf = (state: number): number => (state >>> 9) & TAG_MASK

const freeEntry = (words: Int32Array, word: number, state: number): boolean => {
  const free = ((state & ~(SEQ_STEP - 1)) + SEQ_STEP) | 0
  if (Atomics.compareExchange(words, word, state, free) !== state) return false
  Atomics.notify(words, word)
  return true
}

/**
 * Fails all claims of a dead owner and wakes who waits; returns how many. Main only, and only after
 * the worker's `exit` event.
 */
export const sweepClaims = (
  words: Int32Array,
  offset: number,
  entries: number,
  deadOwner: number,
): number => {
  let freed = 0
  for (let word = offset; word < offset + entries * CLAIM_WORDS; word += CLAIM_WORDS) {
    const state = Atomics.load(words, word)
    if ((state & OWNER) === deadOwner && deadOwner !== 0 && freeEntry(words, word, state)) freed++
  }
  return freed
}

/** Claims held now, for tests and status. */
export const countClaims = (words: Int32Array, offset: number, entries: number): number => {
  let held = 0
  for (let word = offset; word < offset + entries * CLAIM_WORDS; word += CLAIM_WORDS) {
    if ((Atomics.load(words, word) & OWNER) !== 0) held++
  }
  return held
}
