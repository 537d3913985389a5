import assert from 'node:assert/strict'
import test from 'node:test'
import { DialTimeout } from './dial-timeout.ts'

test('the first dial may take 30 s: twice the average it starts from', () => {
  assert.equal(new DialTimeout().ms, 30_000)
})

test('each dial moves the average by a quarter of the difference', () => {
  const timeout = new DialTimeout()
  timeout.took(1000)
  assert.equal(timeout.ms, 2 * (15_000 - 3500))
})

test('quick dials bring it down to 1 s, slow ones up to 30 s, and no further', () => {
  const timeout = new DialTimeout()
  for (let dials = 0; dials < 30; dials++) timeout.took(1)
  assert.equal(timeout.ms, 1000)
  for (let dials = 0; dials < 30; dials++) timeout.took(60_000)
  assert.equal(timeout.ms, 30_000)
})
