import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Permits, permitWords, sweepPermits } from './permits.ts'

const OFFSET = 16
const world = (shards: number, limit: number) => {
  const words = new Int32Array(new SharedArrayBuffer((OFFSET + permitWords(shards) + 16) * 4))
  return {
    words,
    permits: Array.from(
      { length: shards },
      (_, me) => new Permits(words, OFFSET, shards, me, limit),
    ),
  }
}
const taken = (permits: readonly Permits[], tries: number) => {
  let count = 0
  for (let n = 0; n < tries; n++) if (permits[n % permits.length]?.tryAcquire()) count++
  return count
}

for (const limit of [0, 1, 5]) {
  test(`Permits: ${limit} permits are shared by all shards`, () => {
    const { permits } = world(3, limit)
    assert.equal(taken(permits, 20), limit)
    assert.equal(permits[2]?.inUse, limit)
  })
}

test('Permits: a released permit can be taken by another shard', () => {
  const { permits } = world(2, 1)
  assert.equal(permits[0]?.tryAcquire(), true)
  assert.equal(permits[1]?.tryAcquire(), false)
  permits[0]?.release()
  assert.equal(permits[1]?.tryAcquire(), true)
})

test('sweepPermits: gives back what the dead shard held, and nothing else', () => {
  const { words, permits } = world(3, 9)
  assert.equal(taken(permits, 9), 9)
  sweepPermits(words, OFFSET, 3, 1)
  assert.equal(permits[0]?.inUse, 6)
  assert.deepEqual([words[0], words[OFFSET + permitWords(3)]], [0, 0])
})

for (const dead of [-1, 3]) {
  test(`sweepPermits: shard ${dead} of 3 does not exist and has no row`, () => {
    const { words, permits } = world(3, 9)
    taken(permits, 3)
    const before = words.slice()
    sweepPermits(words, OFFSET, 3, dead)
    assert.deepEqual(words, before)
  })
}

for (const me of [-1, 2]) {
  test(`Permits: refuses shard ${me} of 2`, () => {
    assert.throws(() => new Permits(new Int32Array(64), 0, 2, me, 1), {
      name: 'RangeError',
      message: `shard ${me} of 2`,
    })
  })
}
