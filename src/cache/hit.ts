// Hot path. What a lookup found, as a private copy. Reused from lookup to lookup. A hit copies into
// memory of its own, which grows as needed, or into a place that the caller aims it at, such as the
// packet that is about to be sent.

const FIRST_WORDS = 256

export class CacheHit {
  /** Where the message was copied to: `words[word]` holds its first four bytes. */
  words: Int32Array = new Int32Array(FIRST_WORDS)
  word = 0
  messageBytes = 0
  /** Offsets of the TTL fields in the message: the first `ttlCount`. */
  offsets = new Uint16Array(FIRST_WORDS)
  offsetWords = new Int32Array(this.offsets.buffer)
  ttlCount = 0
  /** Monotonic seconds. */
  expirySeconds = 0
  /** Monotonic seconds. */
  staleUntilSeconds = 0
  /** The TTL it was stored with. */
  ttlSeconds = 0
  flags = 0
  /** What the caller said of the message's size with all names written out. */
  plainBytes = 0
  /**
   * The entry is there, and does not fit where the hit is aimed: the lookup says that nothing was
   * found.
   */
  isTooLarge = false
  /** Where it was found: for CacheTable only. */
  slotWord = 0
  version = 0
  #roomBytes = 0
  #isAimed = false

  /**
   * Copies go there from now on, and those of more than `roomBytes` are not made. `words` is
   * borrowed.
   */
  aim(words: Int32Array, word: number, roomBytes: number): void {
    this.words = words
    this.word = word
    this.#roomBytes = roomBytes
    this.#isAimed = true
  }

  /** Whether there is room for a message and its offsets; makes it in memory of its own. */
  makeRoom(messageBytes: number, ttlCount: number): boolean {
    if (
      this.#isAimed ? messageBytes > this.#roomBytes || ttlCount + 1 > this.offsets.length : false
    )
      return false
    if (!this.#isAimed && messageBytes > this.words.length * 4)
      this.words = new Int32Array(grown(messageBytes / 4))
    if (ttlCount + 1 > this.offsets.length) {
      this.offsets = new Uint16Array(grown(ttlCount + 1))
      this.offsetWords = new Int32Array(this.offsets.buffer)
    }
    return true
  }

  /**
   * Seconds until the entry expires, and none left means stale. At most its TTL: it may have been
   * stored by another thread after the caller looked at the clock.
   */
  remainingSeconds(nowSeconds: number): number {
    return Math.min(this.expirySeconds - nowSeconds, this.ttlSeconds)
  }

  /** The message as it was put. Borrowed: the next find with this hit overwrites it. */
  get message(): Uint8Array {
    return new Uint8Array(this.words.buffer, this.word * 4, this.messageBytes)
  }
  /** Borrowed likewise. */
  get ttlOffsets(): Uint16Array {
    return this.offsets.subarray(0, this.ttlCount)
  }
}

/** The next power of two: a hit grows a few times in its life. */
const grown = (count: number): number => 2 ** Math.ceil(Math.log2(count + 1))
