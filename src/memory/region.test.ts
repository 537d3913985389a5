import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  describeRegion,
  LINE_WORDS,
  layoutRegion,
  MAX_SHARDS,
  makeRegion,
  regionParts,
} from './region.ts'

for (const shards of [1, 2, 7, MAX_SHARDS]) {
  test(`layoutRegion: parts of ${shards} shards begin at cache lines, follow each other without overlap, and fill the buffer`, () => {
    let end = 0
    for (const part of regionParts(shards)) {
      assert.equal(part.offset, end, part.name)
      assert.equal(part.offset % LINE_WORDS, 0, part.name)
      assert.ok(part.words > 0, part.name)
      end += part.words
    }
    const layout = layoutRegion(shards)
    assert.equal(layout.words, end)
    assert.equal(makeRegion(layout).byteLength, end * 4)
  })
}

test('layoutRegion: every part has its own offset', () => {
  const { claims, heartbeats, blackBoxes, refused, incarnations, counts, changes, budget } =
    layoutRegion(3)
  assert.deepEqual(
    [claims, heartbeats, blackBoxes, refused, incarnations, counts, changes, budget],
    regionParts(3).map(part => part.offset),
  )
})

for (const shards of [0, -1, 1.5, MAX_SHARDS + 1, Number.NaN]) {
  test(`layoutRegion: refuses ${shards} shards`, () => {
    assert.throws(() => layoutRegion(shards), {
      name: 'RangeError',
      message: `${shards} shards: at least 1 and at most 254`,
    })
  })
}

test('describeRegion: one row per part', () => {
  const rows = describeRegion(2).split('\n')
  assert.equal(rows.length, 2 + regionParts(2).length)
  assert.match(rows[2] ?? '', /^\| claims \| 0 \| 131072 \|/)
})
