import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beat } from '../../memory/heartbeat.ts'
import { ShardMemory } from './shard-memory.ts'

test('who waits until all shards have turned round does not wait for those that are not there', () => {
  const memory = new ShardMemory(3)
  for (const shard of [0, 1]) memory.countIncarnation(shard)
  memory.absent(2)
  const { mark, hasPassed } = memory.quiescence
  const before = mark()
  const turn = (shard: number): void => beat(memory.words, memory.layout.heartbeats, shard)
  turn(0)
  assert.equal(hasPassed(before), false)
  turn(1)
  assert.equal(hasPassed(before), true)
  memory.countIncarnation(2)
  assert.equal(hasPassed(before), false, 'it has begun, and may have read')
  turn(2)
  assert.equal(hasPassed(before), true)
})
