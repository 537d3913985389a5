import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryOf } from '../../test/fakes/numbered.ts'
import { EXPIRY, LENGTHS, STALE_UNTIL } from './layout.ts'
import { Slab } from './slab.ts'
import { Dice, rankSlot, SlotSource } from './slot-source.ts'

/** Looks at slot after slot. */
class InTurn extends Dice {
  #next = 0
  override below(count: number): number {
    return this.#next++ % count
  }
}

const NOW = 100
const fresh = [200, 300]
const stale = [50, 300]
const useless = [50, 90]

const world = (slots: readonly (readonly number[])[]) => {
  const ref = memoryOf([{ slotBytes: 512, slots: slots.length }]).table('test', 4)
  const slab = new Slab(ref.slab, ref.index, ref.geometry)
  for (const [expiry, staleUntil] of slots) {
    const word = slab.wordOf(0, slab.nextUnused(0))
    if (expiry === undefined || staleUntil === undefined) continue
    slab.words[word + LENGTHS] = 1
    slab.words[word + EXPIRY] = expiry
    slab.words[word + STALE_UNTIL] = staleUntil
  }
  return { slab, source: new SlotSource(slab, 1, new InTurn()) }
}

for (const { name, slots, taken } of [
  { name: 'a free one before all', slots: [fresh, useless, stale, [], useless], taken: 4 },
  {
    name: 'a useless one before stale and fresh ones',
    slots: [fresh, stale, useless, fresh],
    taken: 3,
  },
  { name: 'a stale one before fresh ones', slots: [fresh, fresh, stale, fresh], taken: 3 },
  { name: 'any of fresh ones', slots: [fresh, fresh], taken: 1 },
]) {
  test(`SlotSource: when all slots have been used it takes ${name}`, () => {
    assert.equal(world(slots).source.take(0, NOW), taken)
  })
}

test('SlotSource: slots never used come before victims, freed ones before both', () => {
  const ref = memoryOf([{ slotBytes: 512, slots: 3 }]).table('test', 3)
  const slab = new Slab(ref.slab, ref.index, ref.geometry)
  const source = new SlotSource(slab, 1, new Dice())
  assert.deepEqual([source.take(0, NOW), source.take(0, NOW)], [1, 2])
  slab.free(slab.wordOf(0, 1))
  source.gaveBack(1)
  assert.equal(source.take(0, NOW), 1)
  assert.equal(source.take(0, NOW), 3)
})

test('SlotSource: nothing when all slots are busy', () => {
  const { slab, source } = world([fresh, useless])
  for (const slot of [1, 2]) assert.equal(slab.tryLock(slab.wordOf(0, slot), 0, 9), true)
  assert.equal(source.take(0, NOW), 0)
})

test('SlotSource: a freed slot that another shard has taken meanwhile is not taken twice', () => {
  const { slab, source } = world([[], fresh])
  source.gaveBack(1)
  assert.equal(slab.tryLock(slab.wordOf(0, 1), 0, 9), true)
  assert.equal(source.take(0, NOW), 2)
})

test('rankSlot: expiry and the end of stale use belong to the time after', () => {
  const { slab } = world([fresh])
  const word = slab.wordOf(0, 1)
  assert.deepEqual(
    [199, 200, 299, 300].map(now => rankSlot(slab, word, now)),
    [0, 1, 1, 2],
  )
})

test('Dice: gives every number below the count, and no other', () => {
  const dice = new Dice()
  const seen = new Set(Array.from({ length: 2000 }, () => dice.below(7)))
  assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4, 5, 6])
})
