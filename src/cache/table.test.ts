import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  keyOf,
  memoryOf,
  messageOf,
  metaOf,
  putNumber,
  versionIn,
} from '../../test/fakes/numbered.ts'
import { LENGTHS, type SlabGeometry, STALE_UNTIL, slabBytes } from './layout.ts'
import { CacheTable } from './table.ts'

const ROOMY: SlabGeometry = [
  { slotBytes: 512, slots: 64 },
  { slotBytes: 1280, slots: 16 },
  { slotBytes: 77_824, slots: 2 },
]
const world = (capacity = 40, geometry = ROOMY) => {
  const memory = memoryOf(geometry)
  const ref = memory.table('test', capacity)
  const table = new CacheTable(ref, 1)
  return {
    memory,
    ref,
    table,
    other: new CacheTable(ref, 2),
    key: table.newKey(),
    hit: table.newHit(),
    words: new Int32Array(ref.slab),
  }
}

test('find: gives back all that was put, to every shard', () => {
  const { table, other, key, hit } = world()
  const meta = {
    expirySeconds: 100,
    staleUntilSeconds: 3700,
    ttlSeconds: 30,
    flags: 0xfedc,
    plainBytes: 70_123,
  }
  assert.deepEqual(
    table.put(keyOf(key, 1), meta, messageOf(1, 7, 101), Uint16Array.of(40, 65535, 60), 70),
    {
      stored: true,
      evicted: 0,
    },
  )
  assert.equal(other.find(keyOf(key, 1), hit), true)
  assert.deepEqual(Buffer.from(hit.message), Buffer.from(messageOf(1, 7, 101)))
  assert.deepEqual([...hit.ttlOffsets], [40, 65535, 60])
  const { expirySeconds, staleUntilSeconds, ttlSeconds, flags, plainBytes } = hit
  assert.deepEqual({ expirySeconds, staleUntilSeconds, ttlSeconds, flags, plainBytes }, meta)
  assert.equal(table.entries, 1)
})

test('find: what was never put is not found, expired entries are', () => {
  const { table, key, hit } = world()
  putNumber(table, key, 1, 1, 50, -1000)
  assert.equal(table.find(keyOf(key, 2), hit), false)
  assert.equal(table.find(keyOf(key, 1), hit), true)
  assert.equal(hit.expirySeconds, -940)
})

test('find: the hit is a private copy', () => {
  const { table, key, hit } = world()
  putNumber(table, key, 1, 1, 50)
  table.find(keyOf(key, 1), hit)
  hit.message.fill(0)
  putNumber(table, key, 1, 2, 60)
  assert.ok(hit.message.every(byte => byte === 0))
  table.find(keyOf(key, 1), hit)
  assert.equal(versionIn(hit.message, 1), 2)
})

for (const length of [12, 13, 14, 15, 16, 400, 500, 1100, 16_000, 65_535]) {
  test(`put: a message of ${length} bytes comes back whole`, () => {
    const { table, key, hit } = world()
    assert.equal(putNumber(table, key, 5, 3, length), true)
    assert.equal(table.find(keyOf(key, 5), hit), true)
    assert.equal(hit.message.length, length)
    assert.equal(versionIn(hit.message, 5), 3)
  })
}

for (const { name, length, geometry } of [
  { name: 'shorter than a header', length: 11, geometry: ROOMY },
  { name: 'longer than a message can be', length: 65_536, geometry: ROOMY },
  { name: 'larger than the largest slot', length: 600, geometry: [{ slotBytes: 512, slots: 8 }] },
]) {
  test(`put: does not store what is ${name}`, () => {
    const { table, key, hit } = world(8, geometry)
    assert.deepEqual(table.put(keyOf(key, 1), metaOf(60), new Uint8Array(length), [], 0), {
      stored: false,
      evicted: 0,
    })
    assert.equal(table.find(key, hit), false)
    assert.equal(table.entries, 0)
  })
}

test('put: a message and a name of any alignment are stored alike', () => {
  const { table, key, hit } = world()
  const padded = Buffer.concat([Buffer.from('x'), messageOf(1, 2, 77)])
  table.put(keyOf(key, 1), metaOf(60), padded.subarray(1), [], 0)
  table.find(keyOf(key, 1), hit)
  assert.equal(versionIn(hit.message, 1), 2)
})

for (const [before, after] of [
  [50, 60],
  [50, 1000],
  [1000, 50],
  [50, 60_000],
  [60_000, 50],
] as const) {
  test(`put: ${after} bytes replace ${before} bytes of the same key`, () => {
    const { table, key, hit } = world()
    putNumber(table, key, 1, 1, before)
    assert.deepEqual(table.put(keyOf(key, 1), metaOf(99), messageOf(1, 2, after), [], 0), {
      stored: true,
      evicted: 0,
    })
    assert.equal(table.entries, 1)
    table.find(keyOf(key, 1), hit)
    assert.equal(versionIn(hit.message, 1), 2)
    assert.equal(hit.ttlOffsets.length, 0)
    assert.equal(table.remove(keyOf(key, 1)), true)
    assert.equal(table.find(keyOf(key, 1), hit), false)
  })
}

test('put: slots of replaced and removed entries are used again, so memory does not grow', () => {
  const { table, key, words } = world()
  for (let n = 0; n < 100; n++) {
    putNumber(table, key, 1, n, n % 2 === 0 ? 50 : 1000)
    putNumber(table, key, 2, n, 50)
    table.remove(keyOf(key, 2))
  }
  assert.deepEqual([words[0], words[16]], [2, 1])
})

test('remove: says whether there was an entry', () => {
  const { table, key, hit } = world()
  putNumber(table, key, 1, 1, 50)
  assert.equal(table.remove(keyOf(key, 1)), true)
  assert.equal(table.remove(keyOf(key, 1)), false)
  assert.equal(table.find(keyOf(key, 1), hit), false)
  assert.equal(table.entries, 0)
})

test('put: the capacity is kept, one entry leaves for each that comes', () => {
  const { table, key, hit } = world(10)
  let evicted = 0
  for (let n = 0; n < 50; n++)
    evicted += table.put(keyOf(key, n), metaOf(60), messageOf(n, 0, 50), [], 0).evicted
  assert.equal(table.entries + evicted, 50)
  assert.ok(table.entries <= 10)
  let found = 0
  for (let n = 0; n < 50; n++) if (table.find(keyOf(key, n), hit)) found++
  assert.equal(found, table.entries)
})

test('put: over its capacity a table gives up useless entries first, then stale ones, then fresh ones', () => {
  const { table, key, hit } = world(4)
  const ends = [
    [100, 100],
    [10, 50],
    [10, 20],
    [100, 100],
  ] as const
  for (const [n, [expirySeconds, staleUntilSeconds]] of ends.entries()) {
    table.put(
      keyOf(key, n),
      metaOf(expirySeconds, { staleUntilSeconds }),
      messageOf(n, 0, 50),
      [],
      0,
    )
  }
  const left = (n: number) => {
    assert.deepEqual(table.put(keyOf(key, n), metaOf(100), messageOf(n, 0, 50), [], 30), {
      stored: true,
      evicted: 1,
    })
    return [0, 1, 2, 3].filter(k => table.find(keyOf(key, k), hit))
  }
  assert.deepEqual(left(10), [0, 1, 3])
  assert.deepEqual(left(11), [0, 3])
  left(12)
  assert.equal(table.entries, 4)
})

test('put: of another size takes no slot from the other classes', () => {
  const { table, key, hit } = world(60)
  for (let n = 0; n < 40; n++) putNumber(table, key, n, 0, 50)
  for (let n = 100; n < 150; n++) putNumber(table, key, n, 0, 1000)
  const small = Array.from({ length: 40 }, (_, n) => n).filter(n =>
    table.find(keyOf(key, n), hit),
  ).length
  const large = Array.from({ length: 50 }, (_, n) => n + 100).filter(n =>
    table.find(keyOf(key, n), hit),
  ).length
  assert.ok(large > 0 && large <= 16, `${large}`)
  assert.equal(small + large, table.entries)
})

test('popularity: counts hits of all shards while they come within the window', () => {
  const { table, other, key, hit } = world()
  putNumber(table, key, 1, 1, 50, 100)
  table.find(keyOf(key, 1), hit)
  assert.equal(table.notes.popularity(hit, 100, 60), 1)
  assert.equal(other.notes.popularity(hit, 160, 60), 2)
  assert.equal(table.notes.popularity(hit, 221, 60), 1)
  assert.equal(table.notes.popularity(hit, 222, 60), 2)
})

test('popularity: begins anew with a new answer unless it is handed on', () => {
  const { table, key, hit } = world()
  putNumber(table, key, 1, 1, 50, 100)
  table.find(keyOf(key, 1), hit)
  table.notes.popularity(hit, 100, 60)
  putNumber(table, key, 1, 2, 50, 100)
  table.find(keyOf(key, 1), hit)
  assert.equal(table.notes.popularity(hit, 101, 60), 1)
  table.put(keyOf(key, 1), metaOf(200, { popularity: 9 }), messageOf(1, 3, 50), [], 101)
  table.find(keyOf(key, 1), hit)
  assert.equal(table.notes.popularity(hit, 102, 60), 10)
})

test('setNotBefore: is seen by all shards until the entry is replaced', () => {
  const { table, other, key, hit } = world()
  putNumber(table, key, 1, 1, 50)
  table.find(keyOf(key, 1), hit)
  assert.equal(table.notes.notBefore(hit), 0)
  table.notes.setNotBefore(hit, 130)
  assert.equal(other.notes.notBefore(hit), 130)
  putNumber(table, key, 1, 2, 50)
  assert.equal(table.notes.notBefore(hit), 0)
  table.notes.setNotBefore(hit, 200)
  table.find(keyOf(key, 1), hit)
  assert.equal(table.notes.notBefore(hit), 0)
})

test('find: a hash that is the same for all keys makes no wrong answer', () => {
  const { table, key, hit } = world(60)
  Object.defineProperties(key, { hashLow: { value: 5 }, hashHigh: { value: 5 } })
  for (let round = 0; round < 2000; round++) {
    putNumber(table, key, round % 12, round, 50)
    for (let n = 0; n < 12; n++)
      if (table.find(keyOf(key, n), hit)) assert.ok(versionIn(hit.message, n) >= 0, `key ${n}`)
  }
  assert.ok(table.entries > 0 && table.entries <= 8)
})

test('find: tables that share the slots keep their entries apart', () => {
  const { memory, key, hit } = world()
  const tables = [memory.table('a', 10), memory.table('b', 10)].map(ref => new CacheTable(ref, 1))
  for (const [version, table] of tables.entries()) putNumber(table, key, 1, version, 50)
  for (const [version, table] of tables.entries()) {
    assert.equal(table.find(keyOf(key, 1), hit), true)
    assert.equal(versionIn(hit.message, 1), version)
  }
})

test('find: lengths that exceed the slot are not used, a wrong sum is a miss', () => {
  const { table, key, hit, words, ref } = world()
  putNumber(table, key, 1, 1, 50)
  table.find(keyOf(key, 1), hit)
  const at = hit.slotWord
  const changes = [
    [LENGTHS, (65_535 << 16) | key.length],
    [LENGTHS, -1],
    [LENGTHS, (49 << 16) | key.length],
    [STALE_UNTIL, 1],
    [7, 0xffff_0000 | 0],
    [20, 5],
  ] as const
  for (const [word, value] of changes) {
    const old = words[at + word] ?? 0
    words[at + word] = value
    assert.equal(table.find(keyOf(key, 1), hit), false, `word ${word} is ${value}`)
    words[at + word] = old
  }
  assert.equal(table.find(keyOf(key, 1), hit), true)
  assert.equal(words.byteLength, slabBytes(ref.geometry))
})

test('find: a busy slot is a miss, put and remove leave it alone', () => {
  const { table, key, hit, words } = world()
  putNumber(table, key, 1, 1, 50)
  table.find(keyOf(key, 1), hit)
  words[hit.slotWord] = (words[hit.slotWord] ?? 0) | 9
  assert.equal(table.find(keyOf(key, 1), hit), false)
  assert.equal(table.remove(keyOf(key, 1)), false)
  words[hit.slotWord] = (words[hit.slotWord] ?? 0) & ~255
  assert.equal(table.find(keyOf(key, 1), hit), true)
})

for (const owner of [0, 255, Number.NaN]) {
  test(`CacheTable: refuses owner ${owner}`, () => {
    const { ref } = world()
    assert.throws(() => new CacheTable(ref, owner), {
      name: 'RangeError',
      message: `cache table: owner ${owner}`,
    })
  })
}
