// Hot path. The key of a cached answer: the question as it stands on the wire (name in lower case,
// type, class) and one byte of bits that select another answer (DO, CD). The table adds which
// server block and view it is. Word-aligned, so that it is hashed and compared by words.
//
//   +------------------+---------+---------+-------+
//   | name, lower case | type 16 | class 16| flags |    flags: bit 0 DO, bit 1 CD
//   +------------------+---------+---------+-------+

import { type HashSeed, KeyedHash } from '../memory/keyed-hash.ts'

/** Longest key in bytes: a name of 255. */
export const MAX_KEY_BYTES = 260
const BUFFER_BYTES = 264

export class CacheKey {
  /**
   * Room for the longest key; the key is the first `length` bytes, then zeros up to the next word.
   */
  readonly bytes = new Uint8Array(BUFFER_BYTES)
  readonly words = new Int32Array(this.bytes.buffer)
  length = 0
  readonly #hash: KeyedHash

  constructor(seed: HashSeed) {
    this.#hash = new KeyedHash(seed)
  }

  /** Makes this the key of a question. `foldedName` is a lower-case wire name; it is copied. */
  set(
    qtype: number,
    qclass: number,
    dnssecOk: boolean,
    checkingDisabled: boolean,
    foldedName: Uint8Array,
  ): this {
    this.#write(qtype, qclass, dnssecOk, checkingDisabled, foldedName)
    this.#hash.hash(this.words, 0, this.length)
    return this
  }

  /** The same with its hash, which is known. */
  setHashed(
    qtype: number,
    qclass: number,
    dnssecOk: boolean,
    checkingDisabled: boolean,
    foldedName: Uint8Array,
    hashLow: number,
    hashHigh: number,
  ): this {
    this.#write(qtype, qclass, dnssecOk, checkingDisabled, foldedName)
    this.#hash.low = hashLow
    this.#hash.high = hashHigh
    return this
  }

  #write(
    qtype: number,
    qclass: number,
    dnssecOk: boolean,
    checkingDisabled: boolean,
    foldedName: Uint8Array,
  ): void {
    let at = foldedName.length
    if (at > MAX_KEY_BYTES - 5) throw new RangeError(`name of ${at} bytes`)
    const bytes = this.bytes
    this.words[(at + 4) >> 2] = 0
    bytes.set(foldedName)
    bytes[at++] = qtype >>> 8
    bytes[at++] = qtype
    bytes[at++] = qclass >>> 8
    bytes[at++] = qclass
    bytes[at++] = (dnssecOk ? 1 : 0) | (checkingDisabled ? 2 : 0)
    this.length = at
  }

  /**
   * The same from a name in any case that lies in a packet: `words[word]` holds its first four
   * bytes. The words up to the one with the name's last byte must be readable; at most 255 bytes.
   */
  setFromPacket(
    words: Int32Array,
    word: number,
    nameLength: number,
    qtype: number,
    qclass: number,
    dnssecOk: boolean,
    checkingDisabled: boolean,
  ): void {
    const own = this.words
    const count = (nameLength + 3) >> 2
    for (let k = 0; k < count; k++) own[k] = foldWord(words[word + k]!)
    own[(nameLength + 4) >> 2] = 0
    const bytes = this.bytes
    let at = nameLength
    bytes[at++] = qtype >>> 8
    bytes[at++] = qtype
    bytes[at++] = qclass >>> 8
    bytes[at++] = qclass
    bytes[at++] = (dnssecOk ? 1 : 0) | (checkingDisabled ? 2 : 0)
    this.length = at
    this.#hash.hash(own, 0, at)
  }

  /** Half of the keyed hash, a signed 32-bit number: the table's bucket, and the claim's place. */
  get hashLow(): number {
    return this.#hash.low
  }
  /** The other half; its top 8 bits are the tag in the index. */
  get hashHigh(): number {
    return this.#hash.high
  }
}

/**
 * Four bytes in lower case at once (RFC 4343): a byte from A to Z, and no other, gets bit 5. Sums
 * of seven-bit bytes never carry into the next; length bytes are below A.
 */
const foldWord = (word: number): number => {
  const low = word & 0x7f7f7f7f
  const isUpper = (low + 0x3f3f3f3f) & ~(low + 0x25252525) & ~word & 0x80808080
  return word | (isUpper >>> 2)
}
