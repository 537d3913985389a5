// What two shards do at once, and where a shard may die: step by step, with the real code.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Death, interleave, interleaveAt } from '../../test/fakes/interleave.ts'
import { checkLinks, keysIn } from '../../test/fakes/links.ts'
import { keyOf, memoryOf, messageOf, metaOf, versionIn } from '../../test/fakes/numbered.ts'
import type { SlabGeometry } from './layout.ts'
import { CacheTable } from './table.ts'

const NOW = 10
const SMALL = 60
const LARGE = 900
const TIGHT: SlabGeometry = [
  { slotBytes: 512, slots: 2 },
  { slotBytes: 1280, slots: 2 },
]

const world = (capacity: number) => {
  const memory = memoryOf(TIGHT)
  const ref = memory.table('test', capacity)
  const shard = (owner: number) => {
    const table = new CacheTable(ref, owner)
    const key = table.newKey()
    const hit = table.newHit()
    return {
      put: (n: number, version: number, length: number) =>
        table.put(keyOf(key, n), metaOf(NOW + 5), messageOf(n, version, length), [n], NOW).stored,
      remove: (n: number) => table.remove(keyOf(key, n)),
      versionOf: (n: number) => (table.find(keyOf(key, n), hit) ? versionIn(hit.message, n) : 0),
    }
  }
  return { memory, ref, one: shard(1), two: shard(2) }
}

type World = ReturnType<typeof world>

const die = () => {
  throw new Death()
}

// Before: entry 1 small, entry 2 large; where the capacity allows it, an empty way before theirs.
// Versions: 1 before, 2 by the operation, 3 meanwhile.
const operations: { name: string; run(shard: World['one'], version: number): void }[] = [
  {
    name: 'a put over an entry of the same size',
    run: (shard, version) => shard.put(1, version, SMALL),
  },
  { name: 'a put over a smaller entry', run: (shard, version) => shard.put(1, version, LARGE) },
  { name: 'a put over a larger entry', run: (shard, version) => shard.put(2, version, SMALL) },
  { name: 'a put of a new key', run: (shard, version) => shard.put(3, version, SMALL) },
  {
    name: 'a put of a new key that needs a victim',
    run(shard, version) {
      shard.put(3, version, LARGE)
      shard.put(4, version, LARGE)
    },
  },
  { name: 'a remove', run: shard => shard.remove(1) },
  {
    name: 'a remove and a new put of that key',
    run: (shard, version) => {
      shard.remove(1)
      shard.put(1, version, SMALL)
    },
  },
]

const prepared = (capacity: number) => {
  const made = world(capacity)
  if (capacity > 2) made.one.put(6, 1, SMALL)
  made.one.put(1, 1, SMALL)
  made.one.put(2, 1, LARGE)
  made.one.remove(6)
  return made
}

for (const capacity of [2, 4]) {
  for (const { name, run } of operations) {
    test(`CacheTable with capacity ${capacity}: ${name}, dead at any step, leaves after the sweep a store that is whole and works`, () => {
      interleave(() => {
        const { memory, ref, one, two } = prepared(capacity)
        return {
          operation: () => run(one, 2),
          meanwhile: die,
          check: n => {
            memory.sweep(1)
            checkLinks([ref])
            for (const key of [1, 2, 3, 4])
              assert.ok(
                two.versionOf(key) >= 0 && two.versionOf(key) <= 2,
                `key ${key}, access ${n}`,
              )
            for (const key of [1, 5])
              assert.equal(
                two.put(key, 3, SMALL) && two.versionOf(key) === 3,
                true,
                `key ${key}, access ${n}`,
              )
            checkLinks([ref])
          },
        }
      })
    })

    for (const other of operations) {
      test(`CacheTable with capacity ${capacity}: ${name} and meanwhile ${other.name}: the store stays whole`, () => {
        interleave(() => {
          const { ref, one, two } = prepared(capacity)
          return {
            operation: () => run(one, 2),
            meanwhile: () => other.run(two, 3),
            check: n => {
              checkLinks([ref])
              const keys = keysIn(ref)
              assert.equal(new Set(keys).size, keys.length, `two entries of one key, access ${n}`)
              for (const key of [1, 2, 3, 4]) {
                assert.ok(two.versionOf(key) >= 0, `key ${key}, access ${n}`)
                two.remove(key)
                assert.equal(two.versionOf(key), 0, `key ${key}, access ${n}`)
              }
              checkLinks([ref])
            },
          }
        })
      })
    }
  }
}

for (const { name, run } of operations) {
  for (const other of operations) {
    test(`CacheTable: ${name}, dead at any step, and ${other.name} while main sweeps: the store is whole`, () => {
      let hasDied = true
      for (let access = 1; hasDied; access++) {
        interleave(() => {
          const { memory, ref, one, two } = prepared(4)
          hasDied = interleaveAt(access, () => run(one, 2), die)
          return {
            operation: () => memory.sweep(1),
            meanwhile: () => other.run(two, 3),
            check: () => checkLinks([ref]),
          }
        })
      }
    })
  }
}
