import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelBytes, labelsBytes } from './record-keys.ts'

for (const { text, gives } of [
  { text: 'web', gives: '\x03web' },
  { text: 'WEB', gives: '\x03web' },
  { text: 'ö', gives: '\x02ö' },
  { text: 'x'.repeat(63), gives: `\x3f${'x'.repeat(63)}` },
  { text: 'x'.repeat(64), gives: undefined },
  { text: 'ö'.repeat(32), gives: undefined },
  { text: '', gives: undefined },
]) {
  test(`labelBytes: '${text}'`, () => {
    const bytes = labelBytes(text)
    assert.equal(bytes && Buffer.from(bytes).toString(), gives)
  })
}

test('labelsBytes: one after the other, or none at all', () => {
  assert.equal(Buffer.from(labelsBytes('Web', 'shop') ?? []).toString(), '\x03web\x04shop')
  assert.equal(labelsBytes('web', ''), undefined)
  assert.equal(labelsBytes()?.length, 0)
})
