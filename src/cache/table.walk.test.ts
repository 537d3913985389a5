// Several shards at once, each inside another's operation, any of which may die there, and main
// that sweeps meanwhile: seeded walks through interleavings that are too many to try them all.
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { type TestContext, test } from 'node:test'
import { generator } from '../../test/fakes/crew.ts'
import { beforeEachAccess, Death } from '../../test/fakes/interleave.ts'
import { checkLinks } from '../../test/fakes/links.ts'
import { keyOf, memoryOf, messageOf, metaOf, versionIn } from '../../test/fakes/numbered.ts'
import type { SlabGeometry } from './layout.ts'
import { CacheTable } from './table.ts'

const SEEDS = 200
const SHARDS = 3
/** Operations within each other. */
const DEPTH = 4
const OPERATIONS = 24
const MOST_SECONDS = 100

interface World {
  readonly geometry: SlabGeometry
  readonly capacities: readonly number[]
  readonly keys: number
  /** Message lengths, one class of slots after the other. */
  readonly lengths: readonly number[]
}

const worlds: readonly (World & { readonly name: string })[] = [
  {
    name: 'a bucket with room for all',
    geometry: [
      { slotBytes: 512, slots: 6 },
      { slotBytes: 1280, slots: 6 },
    ],
    capacities: [4],
    keys: 2,
    lengths: [60, 900],
  },
  {
    name: 'few slots, and a capacity of 2',
    geometry: [
      { slotBytes: 512, slots: 2 },
      { slotBytes: 1280, slots: 2 },
    ],
    capacities: [2],
    keys: 3,
    lengths: [60, 900],
  },
  {
    name: 'two tables that displace each other',
    geometry: [{ slotBytes: 512, slots: 6 }],
    capacities: [8, 8],
    keys: 2,
    lengths: [60, 80],
  },
]

const makeWalk = ({ geometry, capacities, keys, lengths }: World, below: (n: number) => number) => {
  const memory = memoryOf(geometry)
  const refs = capacities.map((capacity, k) => memory.table(`${k}`, capacity))
  const tablesOf = (owner: number) => refs.map(ref => new CacheTable(ref, owner))
  const shards = Array.from({ length: SHARDS }, (_, k) => tablesOf(k + 1))
  const busy = new Set<number>()
  const dead: number[] = []
  let isSweeping = false
  /** Of shards: whoever is at work just now. 0: main, which does not die. */
  let atWork = 0
  let depth = 0

  const operate = (owner: number): void => {
    const table = shards[owner - 1]?.[below(refs.length)]
    assert.ok(table)
    const n = below(keys)
    const key = keyOf(table.newKey(), n)
    const hit = table.newHit()
    const operation = below(8)
    if (operation < 2) table.remove(key)
    else if (operation === 2) {
      if (table.find(key, hit)) assert.ok(versionIn(hit.message, n) >= 0, 'a torn answer')
    } else {
      const message = messageOf(n, below(4), lengths[below(lengths.length)] ?? 0)
      table.put(key, metaOf(below(MOST_SECONDS)), message, [n], below(MOST_SECONDS))
    }
  }
  const act = (): void => {
    const owner = 1 + below(SHARDS)
    if (busy.has(owner)) return
    busy.add(owner)
    const before = atWork
    atWork = owner
    try {
      operate(owner)
      busy.delete(owner)
    } catch (error) {
      if (!(error instanceof Death)) throw error
      dead.push(owner)
    }
    atWork = before
  }
  const sweep = (): void => {
    const owner = isSweeping ? undefined : dead.pop()
    if (owner === undefined) return
    const before = atWork
    isSweeping = true
    atWork = 0
    memory.sweep(owner)
    shards[owner - 1] = tablesOf(owner)
    busy.delete(owner)
    isSweeping = false
    atWork = before
  }
  const beforeAccess = (): void => {
    if (atWork !== 0 && below(200) === 0) throw new Death()
    if (depth === DEPTH || below(4) !== 0) return
    depth++
    for (let n = below(4); n >= 0; n--) {
      if (below(4) === 0) sweep()
      else act()
    }
    depth--
  }
  return { memory, refs, act, beforeAccess }
}

/** The store chooses victims, and its hashes, by chance: here by the seed. */
const withChance = (t: TestContext, below: () => (n: number) => number, run: () => void): void => {
  const bytes = (count: number) => Buffer.from(Array.from({ length: count }, () => below()(256)))
  const mock = t.mock.method(crypto, 'randomBytes', bytes)
  syncBuiltinESMExports()
  try {
    run()
  } finally {
    mock.mock.restore()
    syncBuiltinESMExports()
  }
}

for (const world of worlds) {
  test(`CacheTable: ${world.name}: operations within operations, deaths and sweeps leave a store that is whole`, t => {
    let below = generator(0)
    const walk = (seed: number): void => {
      below = generator(seed)
      const { memory, refs, act, beforeAccess } = makeWalk(world, below)
      beforeEachAccess(beforeAccess, () => {
        for (let n = 0; n < OPERATIONS; n++) act()
      })
      for (let owner = 1; owner <= SHARDS; owner++) memory.sweep(owner)
      checkLinks(refs)
    }
    withChance(
      t,
      () => below,
      () => {
        for (let seed = 1; seed <= SEEDS; seed++) {
          try {
            walk(seed)
          } catch (error) {
            throw new Error(`seed ${seed}`, { cause: error })
          }
        }
      },
    )
  })
}
