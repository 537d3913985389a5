import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { runCrew } from '../../test/fakes/crew.ts'
import { checkLinks } from '../../test/fakes/links.ts'
import { memoryOf } from '../../test/fakes/numbered.ts'
import type { TableWorld } from '../../test/fakes/table-worker.ts'
import type { CacheMemory } from './cache-memory.ts'

const SHARDS = 3

const torture = async (
  t: TestContext,
  memory: CacheMemory,
  world: TableWorld,
  seed: number,
): Promise<void> => {
  let swept = 0
  const onExit = (me: number) => {
    swept += memory.sweep(me + 1)
  }
  const worker = new URL('../../test/fakes/table-worker.ts', import.meta.url)
  const violations = await runCrew({
    worker,
    size: SHARDS,
    kills: 20,
    operationsPerKill: 3000,
    seed,
    data: world,
    onExit,
  })
  t.diagnostic(`${swept} slots freed of dead writers`)
  assert.equal(violations, 0, 'torn or foreign answers')
  checkLinks(world.refs)
  for (const ref of world.refs) assert.ok(memory.entries(ref) <= ref.capacity + SHARDS)
}

test('CacheTable: one table in few slots, with workers terminated in mid-write: no torn answer, no stuck slot', async t => {
  const memory = memoryOf([
    { slotBytes: 512, slots: 4 },
    { slotBytes: 1280, slots: 3 },
    { slotBytes: 16_384, slots: 3 },
  ])
  await torture(t, memory, { refs: [memory.table('a', 6)], keys: 12, lengths: [60, 800, 9000] }, 3)
})

test('CacheTable: two tables in one slab that displace each other, with workers terminated in mid-write', async t => {
  const memory = memoryOf([{ slotBytes: 16_384, slots: 6 }])
  await torture(
    t,
    memory,
    { refs: [memory.table('a', 8), memory.table('b', 8)], keys: 16, lengths: [60, 8000] },
    4,
  )
})
