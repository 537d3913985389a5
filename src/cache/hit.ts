// What a lookup found, as a private copy. Reused from lookup to lookup, so that a hit allocates two views and no memory.

const FIRST_WORDS = 256

export class CacheHit {
  /** The message as it was put. Borrowed: the next find with this hit overwrites it. */
  message = new Uint8Array(0)
  /** Offsets of the TTL fields in the message; borrowed likewise. */
  ttlOffsets = new Uint16Array(0)
  /** Monotonic seconds. */
  expirySeconds = 0
  /** Monotonic seconds. */
  staleUntilSeconds = 0
  /** The TTL it was stored with. */
  ttlSeconds = 0
  flags = 0
  /** Where it was found: for CacheTable only. */
  slotWord = 0
  version = 0
  #words = new Int32Array(FIRST_WORDS)

  /** The buffer, at least that many words long. */
  room(words: number): Int32Array {
    if (this.#words.length < words) this.#words = new Int32Array(2 ** Math.ceil(Math.log2(words)))
    return this.#words
  }

  /** Points the views at the copied words: the message from word 0, the offsets at `ttlWord`. */
  show(messageBytes: number, ttlWord: number, ttlCount: number): void {
    const buffer = this.#words.buffer
    this.message = new Uint8Array(buffer, 0, messageBytes)
    this.ttlOffsets = new Uint16Array(buffer, ttlWord * 4, ttlCount)
  }
}
