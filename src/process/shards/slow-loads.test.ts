import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SlowLoads } from './slow-loads.ts'

test('a shard that is at the same halves for five seconds is told of once', () => {
  const loads = new SlowLoads()
  loads.begun(0, ['a', 'b'], 1000)
  loads.begun(1, ['a', 'b'], 1000)
  loads.begun(1, ['b'], 3000)
  assert.deepEqual(loads.look(5999), [])
  assert.deepEqual(loads.look(6000), [{ shard: 0, plugins: ['a', 'b'] }])
  assert.deepEqual(loads.look(7999), [])
  assert.deepEqual(loads.look(8000), [{ shard: 1, plugins: ['b'] }])
  assert.deepEqual(loads.look(80_000), [])
})

test('a shard that has loaded is at nothing', () => {
  const loads = new SlowLoads()
  loads.begun(0, ['a'], 0)
  assert.deepEqual(loads.at(0), ['a'])
  loads.ended(0)
  assert.deepEqual([loads.at(0), loads.at(1), loads.look(9000)], [[], [], []])
})
