// Heartbeats, black boxes and refused questions: what shards and main leave for each other.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BLACK_BOX_WORDS, BlackBox } from './black-box.ts'
import {
  beat,
  HEARTBEAT_ROW_WORDS,
  isAtRest,
  layToRest,
  readBeat,
  readWork,
  restWord,
  rouse,
  WorkCount,
} from './heartbeat.ts'
import { isRefused, REFUSED_ENTRIES, REFUSED_WORDS, refuse } from './refused.ts'

const shared = (words: number) => new Int32Array(new SharedArrayBuffer(words * 4))
const question = Uint8Array.of(9, 9, 3, 0x77, 0x77, 0x77, 0, 0, 1, 0, 1, 9)

test('heartbeat: a beat changes the own row only, and wraps around', () => {
  const words = shared(3 * HEARTBEAT_ROW_WORDS)
  words[HEARTBEAT_ROW_WORDS] = 0x7fff_ffff
  beat(words, 0, 1)
  assert.equal(readBeat(words, 0, 1), -0x8000_0000)
  assert.equal(readBeat(words, 0, 0), 0)
  assert.equal(readBeat(words, 0, 2), 0)
})

test('work: counted in the own row only, apart from the beat, and wraps around', () => {
  const words = shared(3 * HEARTBEAT_ROW_WORDS)
  words[HEARTBEAT_ROW_WORDS + 1] = 0x7fff_ffff
  new WorkCount(words, 0, 1).add()
  assert.equal(readWork(words, 0, 1), -0x8000_0000)
  assert.equal(readBeat(words, 0, 1), 0)
  assert.deepEqual([readWork(words, 0, 0), readWork(words, 0, 2)], [0, 0])
})

test('rest: ends with the next work of this shard, once, and wakes who waits for that', async () => {
  const words = new Int32Array(new SharedArrayBuffer(3 * HEARTBEAT_ROW_WORDS * 4))
  const count = new WorkCount(words, 0, 1)
  let roused = 0
  count.onRoused = () => roused++
  count.add()
  layToRest(words, 0, 1)
  const end = Atomics.waitAsync(words, restWord(0, 1), 1)
  new WorkCount(words, 0, 0).add()
  beat(words, 0, 1)
  assert.deepEqual([isAtRest(words, 0, 0), isAtRest(words, 0, 1), roused], [false, true, 0])
  count.add()
  count.add()
  assert.deepEqual([isAtRest(words, 0, 1), roused, readWork(words, 0, 1)], [false, 1, 3])
  assert.equal(await end.value, 'ok')
  assert.equal(rouse(words, 0, 1), false)
  layToRest(words, 0, 1)
  assert.equal(rouse(words, 0, 1), true)
})

test('BlackBox: the sequence number tells a question from the same question again, and outlives rest', () => {
  const words = shared(BLACK_BOX_WORDS)
  words[2] = 0x7fff_ffff
  const box = new BlackBox(words, 0, 0)
  const seen = [box.sequence]
  for (let n = 0; n < 2; n++) {
    box.note(1, question, 2, 11)
    seen.push(box.sequence)
    box.clear()
    seen.push(box.sequence)
  }
  assert.deepEqual(seen, [0x7fff_ffff, -0x8000_0000, -0x8000_0000, -0x7fff_ffff, -0x7fff_ffff])
})

test('BlackBox: main reads what the shard noted, and no more', () => {
  const words = shared(16 + 2 * BLACK_BOX_WORDS)
  new BlackBox(words, 16, 1).note(-5, question, 2, 11)
  assert.deepEqual(new BlackBox(words, 16, 1).read(), { hash: -5, question: question.slice(2, 11) })
  assert.equal(new BlackBox(words, 16, 0).read(), undefined)
})

test('BlackBox: at rest there is nothing to read', () => {
  const words = shared(BLACK_BOX_WORDS)
  const box = new BlackBox(words, 0, 0)
  box.note(1, question, 2, 11)
  box.clear()
  assert.equal(box.read(), undefined)
})

test('BlackBox: a question that is too long is cut inside the box', () => {
  const words = shared(2 * BLACK_BOX_WORDS)
  new BlackBox(words, 0, 0).note(1, new Uint8Array(2000).fill(255), 0, 2000)
  assert.equal(new BlackBox(words, 0, 0).read()?.question.length, 260)
  assert.deepEqual([...words.subarray(BLACK_BOX_WORDS)], new Array(BLACK_BOX_WORDS).fill(0))
})

test('BlackBox: a length that no shard can have written is not believed', () => {
  const words = shared(BLACK_BOX_WORDS)
  for (const length of [-1, 261]) {
    words[0] = length
    assert.equal(new BlackBox(words, 0, 0).read(), undefined)
  }
})

test('refuse: a question is refused before the given second, not from it on', () => {
  const words = shared(REFUSED_WORDS)
  assert.equal(isRefused(words, 0, 7, 100), false)
  refuse(words, 0, 7, 160)
  assert.equal(isRefused(words, 0, 7, 159), true)
  assert.equal(isRefused(words, 0, 7, 160), false)
  assert.equal(isRefused(words, 0, 8, 159), false)
})

test('refuse: the same question again moves its end and takes no second place', () => {
  const words = shared(REFUSED_WORDS)
  refuse(words, 0, 7, 160)
  refuse(words, 0, 7, 200)
  assert.equal(isRefused(words, 0, 7, 199), true)
  assert.equal(words[0], 1)
})

test('refuse: a full list gives up the entry that ends first', () => {
  const words = shared(REFUSED_WORDS + 4)
  for (let n = 0; n < REFUSED_ENTRIES; n++) refuse(words, 0, 1000 + n, n === 20 ? 50 : 100 + n)
  refuse(words, 0, 1, 90)
  assert.equal(isRefused(words, 0, 1020, 0), false)
  assert.equal(isRefused(words, 0, 1, 0), true)
  assert.equal(isRefused(words, 0, 1000 + REFUSED_ENTRIES - 1, 0), true)
  assert.deepEqual([...words.subarray(REFUSED_WORDS)], [0, 0, 0, 0])
})
