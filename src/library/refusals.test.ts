import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusals } from './refusals.ts'

test('one line in a second, which counts what had none', () => {
  const refusals = new Refusals()
  const at = (ms: number) => refusals.add('refused', ms)
  assert.deepEqual([at(5), at(6), at(1004)], ['refused', undefined, undefined])
  assert.deepEqual([at(1005), at(1006)], ['refused (and 2 more before)', undefined])
  assert.deepEqual([at(9000), at(20_000)], ['refused (and 1 more before)', 'refused'])
})
