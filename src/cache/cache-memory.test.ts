import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyOf, memoryOf, putNumber } from '../../test/fakes/numbered.ts'
import { CacheMemory } from './cache-memory.ts'
import {
  LENGTHS,
  MAX_CACHE_BYTES,
  MIN_CACHE_BYTES,
  TABLE_HEADER_WORDS,
  totalSlots,
  VERSION,
} from './layout.ts'
import { Slab } from './slab.ts'
import { CacheTable } from './table.ts'

const TINY = [{ slotBytes: 512, slots: 16 }]

for (const bytes of [0, MIN_CACHE_BYTES - 1, MAX_CACHE_BYTES + 1, Number.NaN]) {
  test(`CacheMemory: refuses ${bytes} bytes`, () => {
    assert.throws(() => new CacheMemory(bytes), {
      name: 'RangeError',
      message: `cache size of ${bytes} bytes is not between 1048576 and 2147483648`,
    })
  })
}

test('CacheMemory: the smallest memory holds CoreDNS-sized tables of fewer entries, and says so', () => {
  const ref = new CacheMemory(MIN_CACHE_BYTES).table('a', 9984)
  assert.equal(ref.requestedCapacity, 9984)
  assert.ok(ref.capacity > 900 && ref.capacity < 2000, `${ref.capacity}`)
})

test('CacheMemory: 64 MiB hold several tables of the usual capacity in full', () => {
  const memory = new CacheMemory(64 << 20)
  for (let n = 0; n < 8; n++) assert.equal(memory.table(`${n}`, 9984).capacity, 9984)
})

for (const bytes of [MIN_CACHE_BYTES, 16 << 20, 64 << 20]) {
  test(`CacheMemory: ${bytes} bytes hold all and half of what they hold, for several, and say nothing`, () => {
    const memory = new CacheMemory(bytes)
    const slots = totalSlots(memory.table('all', { part: 1, least: 9984 }).geometry)
    for (let n = 0; n < 4; n++) {
      const all = memory.table(`${n}`, { part: 1, least: 9984 })
      const half = memory.table(`${n}`, { part: 1 / 2, least: 9984 })
      assert.deepEqual([all.capacity, all.requestedCapacity], [slots, slots])
      const halfSlots = Math.floor(slots / 2)
      assert.deepEqual([half.capacity, half.requestedCapacity], [halfSlots, halfSlots])
      assert.equal(memory.table(`${n}`, { part: 1, least: 9984 }), all)
    }
  })
}

test('CacheMemory: whatever a table of half stores, the table of all keeps most of the other half', () => {
  const memory = memoryOf([{ slotBytes: 512, slots: 1000 }])
  const [all, half] = [
    memory.table('a', { part: 1, least: 9984 }),
    memory.table('a', { part: 1 / 2, least: 9984 }),
  ]
  const [success, denial] = [new CacheTable(all, 1), new CacheTable(half, 1)]
  const key = success.newKey()
  for (let n = 0; n < 3000; n++) putNumber(success, key, n, n, 50)
  assert.ok(success.entries > 900, `${success.entries}`)
  for (let n = 0; n < 10_000; n++) putNumber(denial, key, n, n, 50)
  assert.ok(denial.entries > 400 && denial.entries <= 500, `${denial.entries}`)
  assert.ok(success.entries > 400, `${success.entries}`)
  assert.ok(success.entries + denial.entries <= 1000)
})

const ALL = { part: 1, least: 9984 }
const HALF = { part: 1 / 2, least: 9984 }

test('CacheMemory: of many pairs of tables each holds as much as CoreDNS does, and the first hold more', () => {
  const memory = new CacheMemory(64 << 20)
  const refs = Array.from({ length: 32 }, (_, n) =>
    [ALL, HALF].map(part => memory.table(`${n}`, part)),
  )
  for (const ref of refs.flat()) {
    assert.ok(ref.capacity >= 9984, `${ref.capacity}`)
    assert.ok(ref.capacity <= ref.requestedCapacity)
  }
  const [fourth] = refs[3] ?? []
  assert.ok(fourth && fourth.capacity > 50_000)
})

test('CacheMemory: tables of a new generation hold as much as CoreDNS does while the old ones are there', () => {
  const memory = new CacheMemory(64 << 20)
  const pairs = (generation: string) =>
    Array.from({ length: 8 }, (_, n) =>
      [ALL, HALF].map(part => memory.table(`${generation} ${n}`, part)),
    )
  pairs('old')
  for (const { capacity } of pairs('new').flat()) assert.ok(capacity >= 9984, `${capacity}`)
})

test('CacheMemory: a part that finds no room in the index says so', () => {
  const memory = memoryOf([{ slotBytes: 64, slots: 100_000 }])
  const refs = Array.from({ length: 40 }, (_, n) => memory.table(`${n}`, ALL))
  const last = refs.at(-1)
  assert.deepEqual([last?.capacity, last?.requestedCapacity], [0, 9984])
})

test('table: the same identity and capacity are the same table', () => {
  const memory = memoryOf(TINY)
  const ref = memory.table('a', 8)
  assert.equal(memory.table('a', 8), ref)
  assert.notEqual(memory.table('a', 9).id, ref.id)
  assert.notEqual(memory.table('b', 8).id, ref.id)
})

test('table: one table leaves room for others, until there is none; then a table stays empty', () => {
  const memory = memoryOf([{ slotBytes: 64, slots: 100_000 }])
  const capacities = Array.from({ length: 40 }, (_, n) => memory.table(`${n}`, 90_000).capacity)
  assert.ok(capacities.every((capacity, n) => n === 0 || capacity <= (capacities[n - 1] ?? 0)))
  assert.ok((capacities[0] ?? 0) >= 4096 && (capacities[1] ?? 0) >= 2048)
  assert.equal(capacities.at(-1), 0)
  const none = new CacheTable(memory.table('39', 90_000), 1)
  const key = none.newKey()
  assert.equal(putNumber(none, key, 1, 1, 50), false)
  assert.equal(none.find(key, none.newHit()), false)
  assert.equal(none.remove(key), false)
  assert.equal(none.entries, 0)
  assert.equal(memory.entries(memory.table('39', 90_000)), 0)
})

for (const capacity of [0, -5]) {
  test(`table: a capacity of ${capacity} is an empty table`, () => {
    const table = new CacheTable(memoryOf(TINY).table('a', capacity), 1)
    assert.equal(putNumber(table, table.newKey(), 1, 1, 50), false)
  })
}

test('keepOnly: keeps the entries of what is kept, frees the slots and the index of the rest', () => {
  const memory = memoryOf(TINY)
  const [a, b] = [memory.table('a', 8), memory.table('b', 8)]
  const [kept, dropped] = [new CacheTable(a, 1), new CacheTable(b, 1)]
  const key = kept.newKey()
  for (let n = 0; n < 4; n++) for (const table of [kept, dropped]) putNumber(table, key, n, n, 50)
  memory.keepOnly([a])
  assert.equal(kept.entries, 4)
  for (let n = 0; n < 4; n++) assert.equal(kept.find(keyOf(key, n), kept.newHit()), true)
  const words = new Int32Array(a.slab)
  assert.equal(
    Array.from({ length: 8 }, (_, n) => words[16 + n * 128 + LENGTHS]).filter(
      length => length === 0,
    ).length,
    4,
  )
  assert.equal(memory.table('a', 8), a)
  const again = memory.table('b', 8)
  assert.notEqual(again.id, b.id)
  assert.equal(again.headerWord, b.headerWord)
  assert.equal(new CacheTable(again, 1).find(keyOf(key, 1), kept.newHit()), false)
})

test('keepOnly: a table that was dropped stores and finds nothing more, and does no harm to its successor', () => {
  const memory = memoryOf(TINY)
  const old = new CacheTable(memory.table('a', 8), 1)
  const key = old.newKey()
  putNumber(old, key, 1, 1, 50)
  memory.keepOnly([])
  const successor = new CacheTable(memory.table('a', 8), 2)
  assert.equal(putNumber(old, key, 2, 1, 50), false)
  assert.equal(old.find(keyOf(key, 1), old.newHit()), false)
  assert.equal(successor.entries, 0)
  assert.equal(putNumber(successor, key, 1, 2, 50), true)
  assert.equal(old.find(keyOf(key, 1), old.newHit()), false)
  assert.equal(successor.entries, 1)
})

for (const { end, isDead } of [
  { end: 'lets it go', isDead: false },
  { end: 'has died and was swept away', isDead: true },
])
  test(`keepOnly: the index of a dropped table is nobody else's until a shard that holds a slot of it ${end}`, () => {
    const memory = memoryOf(TINY)
    const dropped = memory.table('a', 8)
    const table = new CacheTable(dropped, 1)
    const key = table.newKey()
    const hit = table.newHit()
    putNumber(table, key, 1, 1, 50)
    table.find(keyOf(key, 1), hit)
    // Shard 1 takes the slot for an entry of another table.
    const slab = new Slab(dropped.slab, dropped.index, dropped.geometry)
    const { slotWord } = hit
    const slot = slab.firstSlotOf(0)
    assert.ok(slab.tryLock(slotWord, slab.words[slotWord + VERSION] ?? 0, 2))
    memory.keepOnly([])
    assert.notEqual(memory.table('b', 8).headerWord, dropped.headerWord)
    if (isDead) assert.equal(memory.sweep(2), 1)
    else {
      assert.ok(slab.unlink(slot, slotWord))
      slab.free(slotWord)
    }
    assert.equal(memory.table('c', 8).headerWord, dropped.headerWord)
  })

test('sweep: frees the slots that the dead owner was writing, their ways, and counts anew', () => {
  const memory = memoryOf(TINY)
  const ref = memory.table('a', 12)
  const table = new CacheTable(ref, 1)
  const key = table.newKey()
  const hit = table.newHit()
  for (let n = 0; n < 4; n++) putNumber(table, key, n, n, 50)
  const words = new Int32Array(ref.slab)
  table.find(keyOf(key, 2), hit)
  words[hit.slotWord] = (words[hit.slotWord] ?? 0) | 7
  new Int32Array(ref.index)[ref.headerWord + 1] = 99
  assert.equal(memory.sweep(6), 0)
  assert.equal(memory.entries(ref), 4)
  assert.equal(memory.sweep(7), 1)
  assert.equal((words[hit.slotWord] ?? 0) & 255, 0)
  assert.equal(memory.entries(ref), 3)
  assert.equal(
    new Int32Array(ref.index).subarray(ref.headerWord + TABLE_HEADER_WORDS).filter(way => way !== 0)
      .length,
    3,
  )
  assert.equal(putNumber(table, key, 2, 2, 50), true)
})

for (const owner of [0, 255]) {
  test(`sweep: owner ${owner} is no shard`, () => {
    assert.throws(() => memoryOf(TINY).sweep(owner), {
      name: 'RangeError',
      message: `cache sweep: owner ${owner}`,
    })
  })
}
