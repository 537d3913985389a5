import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpAnswer } from '../chain/plugin/control-scope.ts'
import { checkAnswer, gaugeValues, tableCapacity } from './scope-checks.ts'

const FINE = { labels: { zone: '.' }, value: 1 }

const gauges: { rule: string; collect: () => unknown; text: RegExp }[] = [
  { rule: 'nothing', collect: () => undefined, text: /^TypeError/ },
  { rule: 'no objects', collect: () => [null], text: /^TypeError/ },
  {
    rule: 'texts',
    collect: () => [{ labels: { zone: '.' }, value: '1' }],
    text: /the value '1' is no number/,
  },
  {
    rule: 'other labels',
    collect: () => [{ labels: { server: '.' }, value: 1 }],
    text: /a value has the labels server$/,
  },
  {
    rule: 'values without end',
    *collect() {
      for (;;) yield FINE
    },
    text: /more than 100000 values/,
  },
]
for (const { rule, collect, text } of gauges)
  test(`a gauge that gives ${rule} is refused`, () => {
    assert.throws(() => gaugeValues(['zone'], collect as () => []), text)
  })

test('a gauge gives its values', () => {
  assert.deepEqual(
    gaugeValues(['zone'], () => new Set([FINE]).values()),
    [FINE],
  )
})

const answers: { rule: string; answer: unknown }[] = [
  { rule: 'nothing', answer: undefined },
  { rule: 'no status', answer: { contentType: 'text/plain', body: '' } },
  { rule: 'a status that is none', answer: { status: 7, contentType: 'text/plain', body: '' } },
  { rule: 'no body', answer: { status: 200, contentType: 'text/plain' } },
  { rule: 'an object as the body', answer: { status: 200, contentType: 'text/plain', body: {} } },
]
for (const { rule, answer } of answers)
  test(`an answer over HTTP with ${rule} is refused`, () => {
    assert.throws(() => checkAnswer(answer as HttpAnswer), /what respond gives is no answer/)
  })

for (const capacity of [0, 9984, { part: 1, least: 0 }, { part: 0.5, least: 9984 }])
  test(`a table of ${JSON.stringify(capacity)} is taken`, () => {
    assert.deepEqual(tableCapacity(capacity), capacity)
  })

const NO_CAPACITIES = [
  ...[-1, 1.5, null, '8', {}],
  ...[0, 2, Number.NaN].map(part => ({ part, least: 1 })),
]
for (const capacity of NO_CAPACITIES)
  test(`a table of ${JSON.stringify(capacity)} entries is refused`, () => {
    assert.throws(() => tableCapacity(capacity as never), /^RangeError: table takes a /)
  })

test('the least number of entries of a part is checked', () => {
  const capacity = { part: 1, least: -1 }
  assert.throws(() => tableCapacity(capacity), /^RangeError: least of table takes a whole number/)
})
