import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryOf } from '../../test/fakes/numbered.ts'
import { type SlabGeometry, totalSlots, VERSION } from './layout.ts'
import { Slab } from './slab.ts'

const GEOMETRY: SlabGeometry = [
  { slotBytes: 128, slots: 3 },
  { slotBytes: 512, slots: 2 },
  { slotBytes: 1024, slots: 1 },
]
const slabOf = (geometry = GEOMETRY) => {
  const ref = memoryOf(geometry).table('test', 4)
  return new Slab(ref.slab, ref.index, ref.geometry)
}

test('Slab: slots lie one behind the other, aligned, up to the end of the buffer', () => {
  const slab = slabOf()
  let end = GEOMETRY.length * 16
  for (let slot = 1; slot <= totalSlots(GEOMETRY); slot++) {
    const k = slab.classOf(slot)
    assert.equal(slab.wordOf(k, slot), end)
    assert.equal(end % 16, 0)
    end += slab.slotWordsOf(k)
  }
  assert.equal(end, slab.words.length)
})

for (const slot of [0, -1, 7, 0xff_ffff]) {
  test(`Slab.classOf: ${slot} is no slot`, () => assert.equal(slabOf().classOf(slot), -1))
}

for (const { words, k } of [
  { words: 16, k: 0 },
  { words: 32, k: 0 },
  { words: 33, k: 1 },
  { words: 128, k: 1 },
  { words: 129, k: 2 },
  { words: 257, k: -1 },
]) {
  test(`Slab.classFor: ${words} words go into class ${k}`, () =>
    assert.equal(slabOf().classFor(words), k))
}

test('Slab.classFor: a class without slots is passed over', () => {
  assert.equal(
    slabOf([
      { slotBytes: 128, slots: 0 },
      { slotBytes: 512, slots: 1 },
    ]).classFor(20),
    1,
  )
})

test('Slab.nextUnused: gives each slot once, then none', () => {
  const slab = slabOf()
  assert.deepEqual(
    [1, 2, 3, 4].map(() => slab.nextUnused(0)),
    [1, 2, 3, 0],
  )
  assert.equal(slab.used(0), 3)
  assert.equal(slab.used(1), 0)
})

test('Slab.tryLock: a locked slot cannot be locked, a changed one not by its old version', () => {
  const slab = slabOf()
  const word = slab.wordOf(0, 1)
  assert.equal(slab.tryLock(word, 0, 1), true)
  assert.equal(slab.tryLock(word, 0, 2), false)
  assert.equal(slab.tryLock(word, Atomics.load(slab.words, word), 2), false)
  slab.unlock(word)
  assert.equal(slab.tryLock(word, 0, 2), false)
  assert.equal(slab.tryLock(word, 0x100, 2), true)
  slab.unlockUnchanged(word)
  assert.equal(Atomics.load(slab.words, word), 0x100)
})

test('Slab.unlock: the sequence number wraps around', () => {
  const slab = slabOf()
  const word = slab.wordOf(0, 1)
  slab.words[word + VERSION] = 0xffff_ff00 | 0
  assert.equal(slab.tryLock(word, 0xffff_ff00 | 0, 254), true)
  slab.unlock(word)
  assert.equal(slab.words[word + VERSION], 0)
})

for (const way of [-1, 0, 1 << 29]) {
  test(`Slab.unlink: way ${way} is none`, () => {
    const slab = slabOf()
    slab.words[slab.wordOf(0, 1) + 10] = way
    assert.equal(slab.unlink(1, slab.wordOf(0, 1)), false)
  })
}
