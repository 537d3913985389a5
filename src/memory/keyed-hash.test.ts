import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { KeyedHash, newHashSeed } from './keyed-hash.ts'

// Test vectors of the reference implementation (vectors_hsip64, HalfSipHash-2-4, key 00..07,
// message 00 01 02 ...).
const SEED = [0x03020100, 0x07060504] as const
const vectors = ['218d1f59b9b83cc8', 'be552412f8387315']

const wordsOf = (bytes: Uint8Array) => {
  const words = new Int32Array((bytes.length >> 2) + 2)
  new Uint8Array(words.buffer).set(bytes)
  return words
}
const hex = ({ low, high }: Pick<KeyedHash, 'low' | 'high'>) => {
  const out = Buffer.alloc(8)
  out.writeInt32LE(low, 0)
  out.writeInt32LE(high, 4)
  return out.toString('hex')
}

/** HalfSipHash-c-d as the paper has it, for any numbers of rounds. */
const halfSipHash = (
  [k0, k1]: readonly [number, number],
  bytes: Uint8Array,
  rounds: number,
  finalRounds: number,
) => {
  const v = [k0, k1 ^ 0xee, 0x6c796765 ^ k0, 0x74656462 ^ k1] as [number, number, number, number]
  const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits))
  const sipRounds = (count: number): void => {
    for (let n = 0; n < count; n++) {
      v[0] = (v[0] + v[1]) | 0
      v[1] = rotate(v[1], 5) ^ v[0]
      v[0] = rotate(v[0], 16)
      v[2] = (v[2] + v[3]) | 0
      v[3] = rotate(v[3], 8) ^ v[2]
      v[0] = (v[0] + v[3]) | 0
      v[3] = rotate(v[3], 7) ^ v[0]
      v[2] = (v[2] + v[1]) | 0
      v[1] = rotate(v[1], 13) ^ v[2]
      v[2] = rotate(v[2], 16)
    }
  }
  const padded = new DataView(new ArrayBuffer((bytes.length & ~3) + 4))
  for (const [k, byte] of bytes.entries()) padded.setUint8(k, byte)
  padded.setUint8(padded.byteLength - 1, bytes.length)
  for (let at = 0; at < padded.byteLength; at += 4) {
    const word = padded.getInt32(at, true)
    v[3] ^= word
    sipRounds(rounds)
    v[0] ^= word
  }
  v[2] ^= 0xee
  sipRounds(finalRounds)
  const low = v[1] ^ v[3]
  v[1] ^= 0xdd
  sipRounds(finalRounds)
  return { low, high: v[1] ^ v[3] }
}

for (const [length, expected] of vectors.entries()) {
  test(`the paper's HalfSipHash gives the reference vector of ${length} bytes`, () => {
    assert.equal(
      hex(
        halfSipHash(
          SEED,
          Uint8Array.from({ length }, (_, k) => k),
          2,
          4,
        ),
      ),
      expected,
    )
  })
}

test("KeyedHash is the paper's with one round and three", () => {
  for (let length = 0; length <= 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, k) => 37 * k + length)
    const hash = new KeyedHash(SEED)
    hash.hash(wordsOf(bytes), 0, length)
    assert.equal(hex(hash), hex(halfSipHash(SEED, bytes, 1, 3)), `${length} bytes`)
  }
})

test('KeyedHash: every length, start and bit makes another hash; bytes beyond the length do not', () => {
  const hash = new KeyedHash(newHashSeed(randomBytes(8)))
  const bytes = Uint8Array.from({ length: 40 }, (_, k) => 7 * k)
  const seen = new Set<string>()
  for (let length = 0; length <= 36; length++) {
    hash.hash(wordsOf(bytes), 0, length)
    const whole = hex(hash)
    seen.add(whole)
    hash.hash(wordsOf(bytes.subarray(0, length)), 0, length)
    assert.equal(hex(hash), whole)
  }
  for (let bit = 0; bit < 36 * 8; bit++) {
    const changed = bytes.slice()
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    hash.hash(wordsOf(changed), 0, 36)
    seen.add(hex(hash))
  }
  assert.equal(seen.size, 37 + 36 * 8)
})

test('KeyedHash: begins at any word', () => {
  const hash = new KeyedHash(SEED)
  hash.hash(Int32Array.of(1, 2, 3), 1, 8)
  const behind = hex(hash)
  hash.hash(Int32Array.of(2, 3), 0, 8)
  assert.equal(hex(hash), behind)
})

test('KeyedHash: another seed makes another hash', () => {
  const words = Int32Array.of(1, 2, 3)
  const hashes = [newHashSeed(randomBytes(8)), newHashSeed(randomBytes(8))].map(seed => {
    const hash = new KeyedHash(seed)
    hash.hash(words, 0, 12)
    return hex(hash)
  })
  assert.notEqual(hashes[0], hashes[1])
})
