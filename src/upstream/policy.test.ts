import assert from 'node:assert/strict'
import test from 'node:test'
import { makePolicy } from './policy.ts'

const words = (): Int32Array => new Int32Array(new SharedArrayBuffer(8))

test('sequential keeps the order of the configuration', () => {
  const order = makePolicy('sequential', 3, words(), 0)
  assert.deepEqual(
    [order(), order()],
    [
      [0, 1, 2],
      [0, 1, 2],
    ],
  )
})

test('round_robin takes turns, the others following in the order of the configuration', () => {
  const order = makePolicy('round_robin', 3, words(), 0)
  assert.deepEqual(
    [order(), order(), order(), order()],
    [
      [1, 0, 2],
      [2, 0, 1],
      [0, 1, 2],
      [1, 0, 2],
    ],
  )
})

test('round_robin takes turns over all threads that share the word', () => {
  const shared = words()
  const [one, other] = [
    makePolicy('round_robin', 3, shared, 1),
    makePolicy('round_robin', 3, shared, 1),
  ]
  assert.deepEqual([one()[0], other()[0], one()[0]], [1, 2, 0])
})

test('round_robin survives the overflow of its word', () => {
  const shared = words()
  shared[0] = 0x7fffffff
  const order = makePolicy('round_robin', 4, shared, 0)
  assert.deepEqual([order()[0], order()[0]], [0, 1])
})

test('random gives every upstream the first place in time, and never names one twice', () => {
  const order = makePolicy('random', 2, words(), 0)
  const orders = new Set(Array.from({ length: 200 }, () => order().join()))
  assert.deepEqual([...orders].toSorted(), ['0,1', '1,0'])
})

for (const name of ['random', 'round_robin', 'sequential'] as const) {
  test(`${name} with one upstream names it`, () => {
    assert.deepEqual(makePolicy(name, 1, words(), 0)(), [0])
  })
}
