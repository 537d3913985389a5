import assert from 'node:assert/strict'
import { test } from 'node:test'
import { given } from './given.ts'

const values: { value: unknown; text: string }[] = [
  { value: undefined, text: 'undefined' },
  { value: null, text: 'null' },
  { value: Number.NaN, text: 'NaN' },
  { value: 5n, text: '5' },
  { value: 'x', text: `'x'` },
  { value: 'x'.repeat(61), text: `'${'x'.repeat(60)}…'` },
  { value: Symbol('x'), text: 'a symbol' },
  { value: () => 1, text: 'a function' },
  { value: [1], text: 'a list' },
  { value: Object.create(null), text: 'an object' },
  { value: new Proxy({}, { get: () => assert.fail('read') }), text: 'an object' },
]
for (const { value, text } of values)
  test(`${text} in a sentence`, () => assert.equal(given(value), text))
