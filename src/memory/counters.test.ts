import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  COUNTER_WORDS,
  CounterRow,
  histogramWords,
  readCounter,
  readHistogram,
} from './counters.ts'

const shared = (words: number) => new Int32Array(new SharedArrayBuffer(words * 4))

const additions = [
  { name: 'one', counts: [1], total: 1 },
  { name: 'nothing', counts: [0], total: 0 },
  { name: 'up to the top of the low word', counts: [0xffff_fffe, 1], total: 0xffff_ffff },
  { name: 'a carry of one', counts: [0xffff_ffff, 1], total: 2 ** 32 },
  { name: 'past the sign bit of the low word', counts: [0x7fff_ffff, 1], total: 2 ** 31 },
  { name: 'several carries at once', counts: [5e12, 7], total: 5e12 + 7 },
  { name: 'the largest exact number', counts: [2 ** 52, 2 ** 52 - 1], total: 2 ** 53 - 1 },
]
for (const { name, counts, total } of additions) {
  test(`CounterRow.add: ${name}`, () => {
    const words = shared(8)
    const row = new CounterRow(words, 2)
    for (const count of counts) row.add(2, count)
    assert.equal(readCounter(words, 4), total)
    assert.deepEqual([words[2], words[3], words[6], words[7]], [0, 0, 0, 0])
  })
}

test('CounterRow.add: adds 1 by default', () => {
  const words = shared(2)
  new CounterRow(words, 0).add(0)
  assert.equal(readCounter(words, 0), 1)
})

test('readCounter: gives the settled value of a number whose writer died in a carry', () => {
  const words = shared(2)
  words[0] = 5
  words[1] = 3 | 0x8000_0000
  assert.equal(readCounter(words, 0), 3 * 2 ** 32 + 5)
})

const shape = { bounds: [0.5, 1, 2], unitsPerOne: 1000 }
const observations = [
  { name: 'below the first bound', value: 0.1, counts: [1, 0, 0, 0], sum: 0.1 },
  { name: 'on a bound belongs to it', value: 1, counts: [0, 1, 0, 0], sum: 1 },
  { name: 'above all bounds', value: 2.001, counts: [0, 0, 0, 1], sum: 2.001 },
  { name: 'zero', value: 0, counts: [1, 0, 0, 0], sum: 0 },
  { name: 'below zero adds nothing to the sum', value: -1, counts: [1, 0, 0, 0], sum: 0 },
  {
    name: 'not a number goes to +Inf and adds nothing to the sum',
    value: Number.NaN,
    counts: [0, 0, 0, 1],
    sum: 0,
  },
  { name: 'rounds to the unit', value: 0.0004, counts: [1, 0, 0, 0], sum: 0 },
]
for (const { name, value, counts, sum } of observations) {
  test(`CounterRow.observe: ${name}`, () => {
    const words = shared(4 + histogramWords(shape))
    new CounterRow(words, 2).observe(2, shape, value)
    assert.deepEqual(readHistogram(words, 4, shape), { counts, sum })
  })
}

test('histogramWords: a counter per bucket, +Inf included, and the sum', () => {
  assert.equal(histogramWords(shape), (3 + 1 + 1) * COUNTER_WORDS)
  assert.equal(histogramWords({ bounds: [], unitsPerOne: 1 }), 2 * COUNTER_WORDS)
})
