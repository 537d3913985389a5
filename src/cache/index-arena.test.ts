import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IndexArena } from './index-arena.ts'
import { TABLE_HEADER_WORDS, tableWords } from './layout.ts'

const ROOM = 1000
const arena = () => new IndexArena(TABLE_HEADER_WORDS + ROOM)

test('IndexArena: ranges do not overlap, and word 0 is never given', () => {
  const index = arena()
  const first = index.take(4)
  assert.equal(first, TABLE_HEADER_WORDS)
  assert.equal(index.take(8), first + tableWords(4))
  assert.equal(index.largest, ROOM - tableWords(4) - tableWords(8))
})

test('IndexArena: 0 when there is no room', () => {
  assert.equal(arena().take(ROOM), 0)
  assert.equal(new IndexArena(0).take(1), 0)
  assert.equal(new IndexArena(0).largest, 0)
})

test('IndexArena: a range that fits exactly uses up the room', () => {
  const index = new IndexArena(TABLE_HEADER_WORDS + tableWords(4))
  assert.equal(index.take(4), TABLE_HEADER_WORDS)
  assert.equal(index.largest, 0)
  assert.equal(index.take(1), 0)
})

for (const order of [
  [0, 1, 2],
  [2, 1, 0],
  [1, 0, 2],
  [0, 2, 1],
]) {
  test(`IndexArena: ranges given back in the order ${order} join to the whole`, () => {
    const index = arena()
    const firsts = [4, 8, 16].map(buckets => ({ buckets, first: index.take(buckets) }))
    for (const n of order) {
      const range = firsts[n]
      if (range !== undefined) index.giveBack(range.first, range.buckets)
    }
    assert.equal(index.largest, ROOM)
  })
}
