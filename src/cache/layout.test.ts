import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { describeRegion } from '../memory/region.ts'
import { MAX_KEY_BYTES } from './key.ts'
import {
  CHECKSUM,
  CLASS_HEADER_WORDS,
  classWords,
  describeSlab,
  EXPIRY,
  FLAGS,
  geometryFor,
  HASH_HIGH,
  HASH_LOW,
  HITS,
  KEY,
  LAST_HIT,
  LENGTHS,
  MAX_CACHE_BYTES,
  MAX_MESSAGE_BYTES,
  MIN_CACHE_BYTES,
  NOT_BEFORE,
  PLAIN,
  SLOT_MASK,
  STALE_UNTIL,
  slabBytes,
  slotWordsFor,
  TABLE,
  TABLE_HEADER,
  TTL,
  totalSlots,
  VERSION,
  WAY,
} from './layout.ts'

const MIB = 1 << 20

for (const bytes of [
  (MIN_CACHE_BYTES / 8) * 7,
  3 * MIB,
  56 * MIB,
  100_000_000,
  (MAX_CACHE_BYTES / 8) * 7,
]) {
  test(`geometryFor: ${bytes} bytes are used up but for less than a small slot, in aligned classes that follow each other`, () => {
    const geometry = geometryFor(bytes)
    const first = classWords(geometry)
    assert.equal(first[0], geometry.length * CLASS_HEADER_WORDS)
    let end = first[0] ?? 0
    for (const [k, { slotBytes, slots }] of geometry.entries()) {
      assert.equal(first[k], end)
      assert.equal(slotBytes % 64, 0)
      assert.ok(slots > 0)
      assert.ok(k === 0 || slotBytes > (geometry[k - 1]?.slotBytes ?? 0))
      end += (slotBytes * slots) / 4
    }
    assert.equal(slabBytes(geometry), end * 4)
    assert.ok(
      slabBytes(geometry) <= bytes && slabBytes(geometry) > bytes - 1024,
      `${slabBytes(geometry)}`,
    )
    assert.ok(totalSlots(geometry) <= SLOT_MASK)
    const smallBytes = geometry
      .filter(({ slotBytes }) => slotBytes <= 576)
      .reduce((sum, { slotBytes, slots }) => sum + slotBytes * slots, 0)
    assert.ok(2 * smallBytes > bytes, 'half of the memory is for small answers')
  })
}

test('geometryFor: the smallest memory does without the largest class', () => {
  assert.deepEqual(
    geometryFor((MIN_CACHE_BYTES / 8) * 7).map(({ slotBytes }) => slotBytes),
    [320, 576, 1280, 4096, 16384],
  )
})

test('geometryFor: the largest class takes any message with as many TTLs as it can have', () => {
  const largest = geometryFor(56 * MIB).at(-1)?.slotBytes ?? 0
  const smallestRecord = 11
  assert.ok(
    slotWordsFor(MAX_KEY_BYTES, MAX_MESSAGE_BYTES, Math.ceil(MAX_MESSAGE_BYTES / smallestRecord)) *
      4 <=
      largest,
  )
})

test('slot header: every word has one meaning, and the key begins at a cache line', () => {
  const words = [
    VERSION,
    HASH_LOW,
    HASH_HIGH,
    LENGTHS,
    EXPIRY,
    STALE_UNTIL,
    TTL,
    FLAGS,
    TABLE,
    PLAIN,
    CHECKSUM,
    WAY,
    TABLE_HEADER,
    HITS,
    LAST_HIT,
    NOT_BEFORE,
  ]
  assert.deepEqual(words, [...words.keys()])
  assert.equal(KEY, 16)
})

const lengths = [
  { key: 0, message: 0, ttls: 0, words: 16 },
  { key: 1, message: 1, ttls: 1, words: 19 },
  { key: 4, message: 4, ttls: 2, words: 19 },
  { key: 5, message: 13, ttls: 3, words: 24 },
]
for (const { key, message, ttls, words } of lengths) {
  test(`slotWordsFor: key ${key}, message ${message}, ${ttls} offsets: ${words} words`, () => {
    assert.equal(slotWordsFor(key, message, ttls), words)
  })
}

const manual = readFileSync(new URL('../../docs/shared-memory.md', import.meta.url), 'utf8')
const source = readFileSync(new URL('layout.ts', import.meta.url), 'utf8')

for (const { name, text } of [
  { name: 'the region of 2 shards', text: describeRegion(2) },
  { name: 'the slab of a cache of 64 MiB', text: describeSlab(geometryFor(56 * MIB)) },
]) {
  test(`docs/shared-memory.md: shows ${name} as it is`, () => {
    assert.ok(manual.includes(text), `paste this:\n${text}`)
  })
}

test('docs/shared-memory.md: draws the slot as layout.ts does', () => {
  const drawing = source
    .split('\n')
    .filter(line => /^\/\/ {3}/.test(line))
    .map(line => line.slice(5).trimEnd())
  assert.ok(drawing.length > 15)
  for (const line of drawing) assert.ok(manual.includes(line), `paste this line: ${line}`)
})
