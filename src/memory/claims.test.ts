import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CLAIM_FULL,
  CLAIM_HELD,
  CLAIM_WINDOW,
  CLAIM_WORDS,
  Claims,
  countClaims,
  sweepClaims,
  TOLD_MAX,
  TOLD_NOTHING,
} from './claims.ts'

const OFFSET = 8
const world = (entries = 16) => {
  const words = new Int32Array(new SharedArrayBuffer((OFFSET + entries * CLAIM_WORDS + 8) * 4))
  return {
    words,
    entries,
    one: new Claims(words, OFFSET, entries, 1),
    two: new Claims(words, OFFSET, entries, 2),
    held: () => countClaims(words, OFFSET, entries),
  }
}
const settled = async (promise: Promise<unknown>) =>
  Promise.race([promise.then(() => true), new Promise(resolve => setImmediate(resolve, false))])

test('Claims: a key has one holder, its own shard included', () => {
  const { one, two } = world()
  assert.ok(one.claim(3, -7) >= 0)
  assert.equal(two.claim(3, -7), CLAIM_HELD)
  assert.equal(one.claim(3, -7), CLAIM_HELD)
})

test('Claims: both halves of the hash count', () => {
  const { one } = world()
  for (const [low, high] of [
    [3, 1],
    [3, 2],
    [19, 1],
    [-3, 1],
  ] as const)
    assert.ok(one.claim(low, high) >= 0, `${low} ${high}`)
})

test('Claims: a released key can be claimed by another', () => {
  const { one, two, held } = world()
  one.release(one.claim(3, 4))
  assert.equal(held(), 0)
  assert.ok(two.claim(3, 4) >= 0)
})

test('Claims: a ticket released twice does not end a later claim', () => {
  const { one, held } = world()
  const first = one.claim(3, 4)
  one.release(first)
  const second = one.claim(3, 4)
  one.release(first)
  assert.equal(held(), 1)
  one.release(second)
  assert.equal(held(), 0)
})

for (const ticket of [CLAIM_HELD, CLAIM_FULL, 1e15]) {
  test(`Claims.release: ignores ${ticket}, which is no ticket`, () => {
    const { one, words, held } = world()
    one.claim(3, 4)
    const before = words.slice()
    one.release(ticket)
    assert.deepEqual(words, before)
    assert.equal(held(), 1)
  })
}

test('Claims: without a free place there is no claim, and places of others are not touched', () => {
  const { one, two, words, entries, held } = world(CLAIM_WINDOW)
  for (let n = 0; n < CLAIM_WINDOW; n++) assert.ok(one.claim(5, n) >= 0)
  assert.equal(two.claim(5, 99), CLAIM_FULL)
  assert.equal(two.claim(5, 3), CLAIM_HELD)
  assert.equal(held(), CLAIM_WINDOW)
  assert.deepEqual([...words.subarray(OFFSET + entries * CLAIM_WORDS)], new Array(8).fill(0))
})

test('Claims: sequence numbers wrap around', () => {
  const { one, words, held } = world(8)
  for (let place = 0; place < 8; place++) words[OFFSET + place * CLAIM_WORDS] = 0xffff_fe00 | 0
  const ticket = one.claim(0, 1)
  assert.ok(ticket >= 0)
  one.release(ticket)
  assert.equal(held(), 0)
  assert.equal(words[OFFSET], 0)
})

for (const place of [0, 5]) {
  test(`Claims.claim: yields to a claim of the same key that is still tentative, at place ${place}`, () => {
    const { one, words } = world(8)
    words.set([0x100 | 2, 0, 1], OFFSET + place * CLAIM_WORDS)
    assert.equal(one.claim(0, 1), CLAIM_HELD)
  })
}

test('Claims.wait: resolves at once when nobody holds the key', async () => {
  const { one } = world()
  assert.equal(await settled(one.wait(3, 4, 10_000)), true)
})

test('Claims.wait: resolves when the claim is released, not before', async () => {
  const { one, two } = world()
  const ticket = one.claim(3, 4)
  const waiting = two.wait(3, 4, 10_000)
  assert.equal(await settled(waiting), false)
  one.release(ticket)
  await waiting
})

test('Claims.wait: gives what the holder told with the release', async () => {
  const { one, two } = world()
  for (const told of [1, TOLD_MAX, 0]) {
    const ticket = one.claim(3, 4)
    const waiting = two.wait(3, 4, 10_000)
    one.release(ticket, told)
    assert.equal(await waiting, told)
  }
})

test('Claims.wait: what an earlier holder told is not what a dead one told', async () => {
  const { one, two, words, entries } = world()
  one.release(one.claim(3, 4), 7)
  one.claim(3, 4)
  const waiting = two.wait(3, 4, 10_000)
  sweepClaims(words, OFFSET, entries, 1)
  assert.equal(await waiting, TOLD_NOTHING)
})

test('Claims.release: a ticket released twice tells nobody anything', async () => {
  const { one, two } = world()
  const old = one.claim(3, 4)
  one.release(old)
  const ticket = one.claim(3, 4)
  const waiting = two.wait(3, 4, 10_000)
  one.release(old, 5)
  one.release(ticket, 6)
  assert.equal(await waiting, 6)
})

test('Claims.wait: resolves at the time-out', async () => {
  const { one, two, held } = world()
  one.claim(3, 4)
  await two.wait(3, 4, 5)
  assert.equal(held(), 1)
})

test('sweepClaims: ends the claims of the dead owner only, and wakes who waits', async () => {
  const { one, two, words, entries, held } = world()
  one.claim(3, 4)
  one.claim(5, 6)
  two.claim(7, 8)
  const waiting = two.wait(3, 4, 10_000)
  assert.equal(sweepClaims(words, OFFSET, entries, 1), 2)
  await waiting
  assert.equal(held(), 1)
  assert.equal(two.claim(7, 8), CLAIM_HELD)
})

test('sweepClaims: owner 0 is nobody', () => {
  const { words, entries } = world()
  assert.equal(sweepClaims(words, OFFSET, entries, 0), 0)
})

for (const { entries, owner, message } of [
  { entries: 12, owner: 1, message: 'claims: 12 entries' },
  { entries: 4, owner: 1, message: 'claims: 4 entries' },
  { entries: 16, owner: 0, message: 'claims: owner 0' },
  { entries: 16, owner: 255, message: 'claims: owner 255' },
]) {
  test(`Claims: refuses ${entries} entries with owner ${owner}`, () => {
    assert.throws(() => new Claims(new Int32Array(64), 0, entries, owner), {
      name: 'RangeError',
      message,
    })
  })
}
