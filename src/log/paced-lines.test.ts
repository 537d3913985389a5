import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PacedLines } from './paced-lines.ts'

test('one line in a second, which counts what had none', () => {
  const lines = new PacedLines()
  const at = (ms: number) => lines.next('a', ms)
  assert.deepEqual([at(5), at(6), at(1004)], ['', undefined, undefined])
  assert.deepEqual([at(1005), at(1006)], [' (and 2 more before)', undefined])
  assert.deepEqual([at(9000), at(20_000)], [' (and 1 more before)', ''])
})

test('each thing that lines are about has its own', () => {
  const lines = new PacedLines()
  assert.deepEqual([lines.next('a', 0), lines.next('b', 1)], ['', ''])
  assert.deepEqual([lines.next('a', 2), lines.next('b', 3)], [undefined, undefined])
  assert.deepEqual(lines.next('a', 1000), ' (and 1 more before)')
})
