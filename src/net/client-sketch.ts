// What each client holds, in a table whose size no sender can grow: a count-min sketch
// (Cormode and Muthukrishnan 2005), used as Stochastic Fair Blue uses its own. Each client has a
// bucket in each row, and holds no more than the least of them. One row alone is not enough: with
// 200 floods over 4,096 buckets, one client in twenty shares its bucket with a flood and is refused
// in its place. Here it would have to meet one in each of four rows: six in a million.

import { type HashSeed, KeyedHash } from '../memory/keyed-hash.ts'

const ROWS = 4
/** Of a row; a power of two. 64 KiB in all. */
const BUCKETS = 4096
/** What counts of a key: an address takes 45 characters at most, its zone some more. */
const KEY_BYTES = 64

export class ClientSketch {
  readonly #hash: KeyedHash
  readonly #key = new Uint8Array(KEY_BYTES)
  readonly #keyWords = new Int32Array(this.#key.buffer)
  /** By row and bucket. */
  readonly #bytes = new Int32Array(ROWS * BUCKETS)
  /** By row: buckets that hold something. */
  readonly #used = new Int32Array(ROWS)
  /** By row: the bucket of the client that was turned to last. */
  readonly #at = new Int32Array(ROWS)

  /** The seed is secret, so that no sender can choose an address in the buckets of another. */
  constructor(seed: HashSeed) {
    this.#hash = new KeyedHash(seed)
  }

  /** Which client the other members are about, by its address in ASCII. */
  turnTo(key: string): void {
    const length = Math.min(key.length, KEY_BYTES)
    for (let n = 0; n < length; n++) this.#key[n] = key.charCodeAt(n)
    this.#hash.hash(this.#keyWords, 0, length)
    const { low, high } = this.#hash
    // Kirsch and Mitzenmacher 2006: two hashes do for any number of rows.
    for (let row = 0; row < ROWS; row++)
      this.#at[row] = row * BUCKETS + ((low + Math.imul(row, high)) & (BUCKETS - 1))
  }

  /** Bytes that the client holds; more where others share all its buckets. */
  get held(): number {
    let least = this.#bytes[this.#at[0]!]!
    for (let row = 1; row < ROWS; row++) least = Math.min(least, this.#bytes[this.#at[row]!]!)
    return least
  }

  /** Clients that hold something; fewer where they share buckets. */
  get holders(): number {
    let most = this.#used[0]!
    for (let row = 1; row < ROWS; row++) most = Math.max(most, this.#used[row]!)
    return most
  }

  /** `bytes` is negative for what the client gives back. */
  add(bytes: number): void {
    for (let row = 0; row < ROWS; row++) {
      const at = this.#at[row]!
      const before = this.#bytes[at]!
      this.#bytes[at] = before + bytes
      if (before === 0) this.#used[row] = this.#used[row]! + 1
      else if (before + bytes === 0) this.#used[row] = this.#used[row]! - 1
    }
  }
}
