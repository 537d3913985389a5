// Hot path. HalfSipHash-1-3 with a 64-bit result over aligned 32-bit words: the keyed hash of
// questions and cache keys, so that a client that does not know the process's seed cannot make
// names collide. Not for cookies or signatures: 64 bits of key are too few for those.

/** Two 32-bit halves. Made once per process, on main, and never shown. */
export type HashSeed = readonly [number, number]

/** Of eight bytes that nobody can foresee. */
export const newHashSeed = (bytes: Buffer): HashSeed => [bytes.readInt32LE(0), bytes.readInt32LE(4)]

const TAIL = Int32Array.of(0, 0xff, 0xffff, 0xffffff)

/** Computes one hash at a time and keeps its halves as signed 32-bit numbers. */
export class KeyedHash {
  low = 0
  high = 0
  readonly #k0: number
  readonly #k1: number

  constructor(seed: HashSeed) {
    this.#k0 = seed[0] | 0
    this.#k1 = seed[1] | 0
  }

  /**
   * Hashes `length` bytes that begin at `words[start]`. Bytes of the last word beyond the length do
   * not matter.
   */
  hash(words: Int32Array, start: number, length: number): void {
    let v0 = this.#k0
    let v1 = this.#k1 ^ 0xee
    let v2 = 0x6c796765 ^ this.#k0
    let v3 = 0x74656462 ^ this.#k1
    const full = length >> 2
    const last =
      (length << 24) | ((length & 3) === 0 ? 0 : words[start + full]! & TAIL[length & 3]!)
    // One round for each word, the last of them with the length. The round is written out here and
    // below: a function would return four numbers.
    for (let step = 0; step <= full; step++) {
      const word = step < full ? words[start + step]! : last
      v3 ^= word
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
      v0 ^= word
    }
    v2 ^= 0xee
    // Three rounds for each half.
    for (let round = 0; round < 6; round++) {
      if (round === 3) {
        this.low = v1 ^ v3
        v1 ^= 0xdd
      }
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
    }
    this.high = v1 ^ v3
  }
}
