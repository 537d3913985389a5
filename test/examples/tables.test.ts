import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directive } from '../support/directive-text.ts'
import { range, twoArguments } from './tables.ts'

const taken = [
  { text: 'whoami', gives: { ttlSeconds: 60, file: undefined } },
  { text: 'whoami 5', gives: { ttlSeconds: 5, file: undefined } },
  { text: 'whoami 5 list', gives: { ttlSeconds: 5, file: 'list' } },
]
for (const { text, gives } of taken)
  test(`two arguments: ${text}`, () => assert.deepEqual(twoArguments.parse(directive(text)), gives))

test('what must fit together is checked once all rows are read', () => {
  assert.deepEqual(range.parse(directive('whoami {\nmost 3\n}')), { least: 1, most: 3 })
  assert.throws(() => range.parse(directive('whoami {\nmost 3\nleast 4\n}')), /least is 4, most 3$/)
})
