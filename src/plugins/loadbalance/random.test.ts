import assert from 'node:assert/strict'
import { test } from 'node:test'
import { below, shuffle } from './random.ts'

const sequence = (...numbers: number[]): (() => number) => {
  let next = 0
  return () => {
    const number = numbers[next++]
    assert.ok(number !== undefined, 'more draws than the case has numbers')
    return number
  }
}

const cases: { name: string; count: number; draws: number[]; expected: number }[] = [
  { name: 'one choice is no choice', count: 1, draws: [4711], expected: 0 },
  { name: 'the rest of the division', count: 10, draws: [25], expected: 5 },
  {
    name: 'draws beyond the last whole range are rejected',
    count: 10,
    draws: [65530, 65539 - 65536, 7],
    expected: 3,
  },
  { name: 'counts above 65536 take two draws', count: 70000, draws: [1, 2], expected: 65538 },
]

for (const c of cases)
  test(`below: ${c.name}`, () => assert.equal(below(c.count, sequence(...c.draws)), c.expected))

test('shuffle: every order of three comes up equally often', () => {
  const orders = new Map<string, number>()
  for (const [first, second] of [0, 1, 2].flatMap(i => [0, 1].map(j => [i, j] as const))) {
    const items = [0, 1, 2, 3, 4]
    const swap = (of: number[], a: number, b: number) => void ([of[a], of[b]] = [of[b]!, of[a]!])
    shuffle(items, 1, 3, sequence(first, second), swap)
    assert.deepEqual([items[0], items[4]], [0, 4])
    orders.set(items.join(), (orders.get(items.join()) ?? 0) + 1)
  }
  assert.deepEqual([...orders.values()], [1, 1, 1, 1, 1, 1])
})
