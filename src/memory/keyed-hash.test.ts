import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyedHash, newHashSeed } from './keyed-hash.ts'

// Test vectors of the reference implementation (vectors_hsip64, HalfSipHash-2-4, key 00..07, message 00 01 02 ...).
const SEED = [0x03020100, 0x07060504] as const
const vectors = ['218d1f59b9b83cc8', 'be552412f8387315']

const wordsOf = (bytes: Uint8Array) => {
  const words = new Int32Array((bytes.length >> 2) + 2)
  new Uint8Array(words.buffer).set(bytes)
  return words
}
const hex = (hash: KeyedHash) => {
  const out = Buffer.alloc(8)
  out.writeInt32LE(hash.low, 0)
  out.writeInt32LE(hash.high, 4)
  return out.toString('hex')
}

for (const [length, expected] of vectors.entries()) {
  test(`KeyedHash: reference vector of ${length} bytes`, () => {
    const hash = new KeyedHash(SEED, 2, 4)
    hash.hash(wordsOf(Uint8Array.from({ length }, (_, k) => k)), 0, length)
    assert.equal(hex(hash), expected)
  })
}

test('KeyedHash: every length, start and bit makes another hash; bytes beyond the length do not', () => {
  const hash = new KeyedHash(newHashSeed())
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
  const hashes = [newHashSeed(), newHashSeed()].map(seed => {
    const hash = new KeyedHash(seed)
    hash.hash(words, 0, 12)
    return hex(hash)
  })
  assert.notEqual(hashes[0], hashes[1])
})
