import assert from 'node:assert/strict'
import test from 'node:test'
import { randomBelow, randomId, randomOrder } from './entropy.ts'

test('ids are 16 bits wide and spread over the whole range, across batches', () => {
  const ids = Array.from({ length: 5000 }, randomId)
  assert.ok(ids.every(id => id >= 0 && id <= 0xffff))
  assert.ok(new Set(ids.map(id => id >>> 8)).size === 256)
  assert.ok(new Set(ids).size > 4500)
})

test('randomBelow reaches every number below its bound and none above', () => {
  const seen = new Set(Array.from({ length: 1000 }, () => randomBelow(7)))
  assert.deepEqual([...seen].toSorted(), [0, 1, 2, 3, 4, 5, 6])
})

test('randomOrder gives each index once, and every order in time', () => {
  const orders = new Set(Array.from({ length: 1000 }, () => randomOrder(3).join()))
  assert.deepEqual([...orders].toSorted(), ['0,1,2', '0,2,1', '1,0,2', '1,2,0', '2,0,1', '2,1,0'])
})
