// The answer store against a Map: what it finds must be what was last put, and it must account for
// all that is missing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyOf, memoryOf, messageOf, metaOf, versionIn } from '../../test/fakes/numbered.ts'
import type { SlabGeometry } from './layout.ts'
import { CacheTable } from './table.ts'

const OPERATIONS = 6000

const worlds: {
  name: string
  keys: number
  capacity: number
  geometry: SlabGeometry
  lossy: boolean
}[] = [
  {
    name: 'room for all',
    keys: 24,
    capacity: 64,
    geometry: [
      { slotBytes: 512, slots: 40 },
      { slotBytes: 1280, slots: 40 },
    ],
    lossy: false,
  },
  {
    name: 'capacity of 8',
    keys: 24,
    capacity: 8,
    geometry: [
      { slotBytes: 512, slots: 40 },
      { slotBytes: 1280, slots: 40 },
    ],
    lossy: true,
  },
  {
    name: '6 slots',
    keys: 24,
    capacity: 64,
    geometry: [
      { slotBytes: 512, slots: 4 },
      { slotBytes: 1280, slots: 2 },
    ],
    lossy: true,
  },
  {
    name: 'one slot',
    keys: 3,
    capacity: 1,
    geometry: [{ slotBytes: 1280, slots: 1 }],
    lossy: true,
  },
]

/** A small seeded generator, so that a failure can be repeated. */
const generator = (seed: number) => (count: number) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) | 0
  return (seed >>> 8) % count
}

for (const { name, keys, capacity, geometry, lossy } of worlds) {
  for (const seed of [1, 2]) {
    test(`CacheTable like a Map: ${name}, seed ${seed}`, () => {
      const below = generator(seed)
      const memory = memoryOf(geometry)
      const ref = memory.table('model', capacity)
      const tables = [new CacheTable(ref, 1), new CacheTable(ref, 2)]
      const model = new Map<number, number>()
      const first = tables[0]
      assert.ok(first)
      const key = first.newKey()
      const hit = first.newHit()
      let displaced = 0
      let missing = 0
      for (let version = 0; version < OPERATIONS; version++) {
        const table: CacheTable = tables[below(2)] ?? first
        const n = below(keys)
        const operation = below(8)
        keyOf(key, n)
        if (operation < 3) {
          const message = messageOf(n, version, below(2) === 0 ? 12 + below(300) : 500 + below(600))
          const result = table.put(
            key,
            metaOf(version + below(200)),
            message,
            [version & 0xffff],
            version,
          )
          displaced += result.evicted
          if (result.stored) model.set(n, version)
          else assert.ok(lossy)
        } else if (operation === 3) {
          const isThere: boolean = table.find(key, hit)
          assert.equal(table.remove(key), isThere)
          assert.equal(table.find(key, hit), false)
          if (model.delete(n) && !isThere) missing++
        } else if (table.find(key, hit)) {
          assert.equal(versionIn(hit.message, n), model.get(n))
          assert.deepEqual([...hit.ttlOffsets], [(model.get(n) ?? 0) & 0xffff])
        } else if (model.delete(n)) missing++
        assert.ok(first.entries <= ref.capacity)
      }
      if (!lossy) assert.deepEqual([displaced, missing], [0, 0])
      let found = 0
      for (let n = 0; n < keys; n++) if (first.find(keyOf(key, n), hit)) found++
      assert.equal(first.entries, found)
      assert.equal(memory.sweep(1), 0)
      assert.equal(memory.entries(ref), found)
      assert.ok(missing <= displaced)
    })
  }
}
